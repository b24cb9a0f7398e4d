package simulator

import (
	"fmt"
	"time"
)

// TB is the part of testing.TB that Wait needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Wait returns the state as soon as it is as wanted, and fails the test when it does
// not get there in time. look gives the state and what is closed when it changes.
func Wait[S fmt.Stringer](t TB, name string, patience time.Duration, look func() (S, <-chan struct{}), want func(S) bool) S {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		began := time.Now()
		state, changed := look()
		if want(state) {
			return state
		}
		looking := time.Since(began)
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("%s: not so after %v: %s", name, patience, state)
			return state
		}
		// Under load, looking must not be all that goes on.
		time.Sleep(3 * looking)
	}
}
