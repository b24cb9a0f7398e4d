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
		case <-time.After(10 * time.Second):
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
