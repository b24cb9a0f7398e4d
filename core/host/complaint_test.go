package host

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// Floods wait, and are seen.
func TestFloodsAreSeen(t *testing.T) {
	t.Parallel()
	log := newPluginLog(slog.New(slog.DiscardHandler), "acme.x")
	b := newBucket(log.tooMuch)
	for range 3 {
		if _, err := b.Write(make([]byte, writeBurst/4)); err != nil {
			t.Fatal(err)
		}
	}
	if words := log.flood(); words != "" {
		t.Errorf("of a burst it says %q", words)
	}
	for range 3 {
		_, _ = b.Write(make([]byte, writeBurst/4)) // it never fails
	}
	if words := log.flood(); !strings.Contains(words, "to its standard output or error") {
		t.Errorf("of what it writes it says %q", words)
	}
	for range 2 * logBurst {
		log.Accept("plugin.x", hclog.Warn, "again")
	}
	if words := log.flood(); !strings.Contains(words, "lines of its log were left out") {
		t.Errorf("of its log it says %q", words)
	}
	if lines := len(log.tail); lines > tailLines {
		t.Errorf("%d lines are kept", lines)
	}

	r := newReports()
	ctx, cancel := context.WithCancel(t.Context())
	for range reportBurst / 2 {
		if err := r.admit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if r.flooded() {
		t.Error("a burst is no flood")
	}
	for range reportBurst/2 + 100 {
		_ = r.admit(ctx) // it fails only when ctx ends
	}
	if !r.flooded() {
		t.Error("a flood of reports is not seen")
	}
	r.room.SetBurst(0)
	cancel()
	if r.admit(ctx) == nil {
		t.Error("what waits for room ends with the launch")
	}
}
