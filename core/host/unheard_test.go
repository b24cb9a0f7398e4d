package host_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// lossyStore commits a change and then loses the answer, as when the connection
// breaks during COMMIT.
type lossyStore struct {
	core.Store
	lose atomic.Bool
}

func (s *lossyStore) Append(ctx context.Context, c core.Change) (*core.Result, error) {
	result, err := s.Store.Append(ctx, c)
	if err == nil && s.lose.Swap(false) {
		return nil, core.Unavailable(errors.New("the connection broke"))
	}
	return result, err
}

func newLossyWorld(t *testing.T) (*world, *lossyStore) {
	w := newWorld(t)
	lossy := &lossyStore{Store: w.store}
	w.chat = core.NewChat(core.Options{Store: lossy, Bus: w.bus, Projects: core.NewProjects([]*core.Project{w.project})})
	w.host.Run(w.spec())
	return w, lossy
}

func TestACommitWhoseAnswerWasLostIsDeliveredWhenItIsRepeated(t *testing.T) {
	w, lossy := newLossyWorld(t)
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	lossy.lose.Store(true)
	two := core.Post{Text: "two", ClientID: "2"}
	if _, err := w.chat.Post(t.Context(), anna.by, two); !core.IsCode(err, core.CodeUnavailable) {
		t.Fatalf("the lost answer: %v", err)
	}
	anna.post(two)
	w.delivered("one", "two")
	w.settled()
}

func TestACommitThatNobodyHeardOfComesBeforeWhatFollows(t *testing.T) {
	w, lossy := newLossyWorld(t)
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	lossy.lose.Store(true)
	if _, err := w.chat.Post(t.Context(), anna.by, core.Post{Text: "two"}); !core.IsCode(err, core.CodeUnavailable) {
		t.Fatalf("the lost answer: %v", err)
	}
	anna.say("three")
	w.delivered("one", "two", "three")
	w.settled()
}
