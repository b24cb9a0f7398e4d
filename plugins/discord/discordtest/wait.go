package discordtest

import (
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// WaitFor returns the state as soon as it is as wanted, and fails the test when
// it does not get there in time.
func (s *Server) WaitFor(t simulator.TB, want func(State) bool) State {
	t.Helper()
	return simulator.Wait(t, "discordtest", s.patience, s.look, want)
}

// look is the state, and what is closed when it changes.
func (s *Server) look() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(), s.changed
}
