package host_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	w, lossy := newSilentWorld(t)
	w.running() // and hears all that is published
	return w, lossy
}

// newSilentWorld runs no bridge yet.
func newSilentWorld(t *testing.T) (*world, *lossyStore) {
	w := newWorld(t)
	lossy := &lossyStore{Store: w.store}
	w.chat = core.NewChat(core.Options{Store: lossy, Bus: w.bus, Projects: core.NewProjects([]*core.Project{w.project})})
	return w, lossy
}

// sayUnheard is committed, and nobody is told.
func (v *visitor) sayUnheard(lossy *lossyStore, text string) {
	v.w.t.Helper()
	lossy.lose.Store(true)
	if _, err := v.w.chat.Post(context.Background(), v.by, core.Post{Text: text}); !core.IsCode(err, core.CodeUnavailable) {
		v.w.t.Fatalf("the lost answer: %v", err)
	}
}

func TestACommitWhoseAnswerWasLostIsDeliveredWhenItIsRepeated(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	w, lossy := newLossyWorld(t)
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	anna.sayUnheard(lossy, "two")
	anna.say("three")
	w.delivered("one", "two", "three")
	w.settled()
}

// A bridge that has begun knows of a session what was owed then, and not what came
// before that.
func TestWhatNobodyHeardOfComesBeforeTheFirstThatIsHeard(t *testing.T) {
	t.Parallel()
	w, lossy := newSilentWorld(t)
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	anna.say("one")
	w.running()
	w.delivered("one") // as it was read from the store
	anna.sayUnheard(lossy, "two")
	anna.say("three")
	w.delivered("one", "two", "three")
	bert.sayUnheard(lossy, "four") // of whom the bridge knows nothing
	bert.say("five")
	w.delivered("one", "two", "three", "four", "five")
	w.settled()
}

// A thread that is another session's cannot be recorded: what was sent comes again,
// but not at once and for ever.
func TestWhatCannotBeRecordedIsNotSentInALoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	anna.say("a")
	bert.say("b")
	w.platform.eventually(t, "both", func() bool { return len(w.platform.texts()) == 2 })
	w.settled()
	w.platform.on(func(delivery) outcome { return outcome{Thread: "T-" + anna.session} })
	bert.say("c")
	w.platform.eventually(t, "a second try", func() bool { return w.platform.count("c") == 2 })
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if n := len(w.platform.at); w.platform.at[n-1].Sub(w.platform.at[n-2]) < firstWait {
		t.Errorf("it came again after %s", w.platform.at[n-1].Sub(w.platform.at[n-2]))
	}
}

// firstWait is the shortest wait after a first failure.
const firstWait = 700 * time.Millisecond

// What is owed is read while it is heard of, delivered and settled.
func TestReadingWhatIsOwedDoublesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	w.visitor("first").say("hello")
	w.delivered("hello")
	ctx, stop := context.WithCancel(t.Context())
	var doubting, saying sync.WaitGroup
	doubting.Go(func() {
		for ctx.Err() == nil {
			w.bus.Publish(core.Signal{ProjectID: w.project.ID, Again: true, Events: []*core.Event{{Seq: 1}}})
			runtime.Gosched()
		}
	})
	const visitors, each = 10, 40
	for i := range visitors {
		v := w.visitor(fmt.Sprint(i))
		saying.Go(func() {
			for n := range each {
				v.say(fmt.Sprintf("%d %d", i, n))
			}
		})
	}
	saying.Wait()
	w.platform.eventually(t, "everything", func() bool { return len(w.platform.texts()) >= visitors*each+1 })
	stop()
	doubting.Wait()
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if got := len(w.platform.texts()); got != visitors*each+1 {
		t.Errorf("%d texts came, not %d", got, visitors*each+1)
	}
}
