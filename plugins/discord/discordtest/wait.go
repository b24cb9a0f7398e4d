package discordtest

import "time"

// TB is the part of testing.TB that WaitFor needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// WaitFor returns the state as soon as it is as wanted, and fails the test when
// it does not get there in time.
func (s *Server) WaitFor(t TB, want func(State) bool) State {
	t.Helper()
	deadline := time.NewTimer(s.patience)
	defer deadline.Stop()
	for {
		began := time.Now()
		s.mu.Lock()
		state, changed := s.snapshot(), s.changed
		s.mu.Unlock()
		if want(state) {
			return state
		}
		looking := time.Since(began)
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("discordtest: not so after %v: %s", s.patience, state)
			return state
		}
		// Under load, looking must not be all that goes on.
		time.Sleep(3 * looking)
	}
}
