package kit_test

import (
	"context"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// eager is a platform on which somebody answers before the one who made the thread
// can tell of it.
type eager struct {
	*memory
	answer func(thread string)
}

func (e eager) Open(ctx context.Context, o kit.Opening) (kit.Opened, error) {
	opened, err := e.memory.Open(ctx, o)
	e.answer(opened.Thread)
	return opened, err
}

func TestAnAnswerThatIsFasterThanItsThread(t *testing.T) {
	t.Parallel()
	host := plugintest.NewHost(t)
	refused := make(chan struct{}, 1)
	host.OnReceive = func(plugin.Inbound) error {
		if len(host.Records()) > 0 {
			return nil
		}
		refused <- struct{}{}
		return &plugin.Refused{Reason: "no session has this thread"}
	}
	courier := &kit.Courier{Host: host, Format: kit.Format{Text: 1000, Caption: 1000, Measure: func(s string) int { return len(s) }}}
	intake := &kit.Intake{Host: host, Courier: courier}
	taken := make(chan bool, 1)
	courier.Platform = eager{&memory{format: courier.Format}, func(thread string) {
		go func() {
			ack, ok := intake.Take(t.Context(), plugin.Inbound{Kind: plugin.InboundMessage, EffectKey: "1", Thread: thread, Text: "hello"})
			taken <- ok && ack.MessageID != ""
		}()
		<-refused
	}}
	s := plugintest.NewSession(host, courier)
	s.Must(t, s.Event(plugin.SessionOpened, nil))
	if !<-taken {
		t.Error("what was said in the new thread is lost")
	}
}
