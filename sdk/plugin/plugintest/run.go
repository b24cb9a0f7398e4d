package plugintest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Run lets the bridge receive until the test ends or stop is called, which returns
// what Run did. The test fails when Run goes on after its context has ended.
func Run(t testing.TB, r plugin.Runner) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Error("Run did not end with its context")
			return nil
		}
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// WantFailure fails the test unless err is a failure of the kind, with the words in
// it and none of the secrets.
func WantFailure(t testing.TB, err error, kind plugin.FailureKind, words string, secrets ...string) *plugin.Failure {
	t.Helper()
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(err.Error(), words) {
		t.Fatalf("failed with kind %d: %v; want kind %d and %q", plugin.KindOf(err), err, kind, words)
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Fatalf("the error shows a secret: %v", err)
		}
	}
	return f
}

// FirstBad makes the bridge's check and is the first finding that is not OK; none when
// all is well. The test fails when a finding says nothing, or a secret.
func FirstBad(t testing.TB, c plugin.Checker, secrets ...string) (first plugin.Finding) {
	t.Helper()
	for _, f := range c.Check(context.Background()) {
		if f.Text == "" {
			t.Errorf("%s says nothing", f.Name)
		}
		for _, secret := range secrets {
			if strings.Contains(f.Text, secret) {
				t.Errorf("%s shows a secret: %s", f.Name, f.Text)
			}
		}
		if !f.OK && first.Name == "" {
			first = f
		}
	}
	return first
}
