package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

type printerConfig struct {
	Prefix string `hcl:"prefix,optional" default:"> " help:"stands before each line"`
}

type printer struct{ config printerConfig }

// Deliver shows what is said; a thread is the session itself here.
func (p *printer) Deliver(_ context.Context, e *plugin.Event) (plugin.Receipt, error) {
	fmt.Println(p.config.Prefix + e.Message.Name + ": " + e.Message.Text)
	return plugin.Receipt{
		Thread: e.Session.ID,
		Links:  []plugin.Link{{Thread: e.Session.ID, ExternalID: e.Message.ID, MessageID: e.Message.ID}},
	}, nil
}

// A whole bridge: its main is nothing but Serve.
func ExampleServe() {
	main := func() {
		plugin.Serve(plugin.Spec[printerConfig]{
			Name:   "printer",
			Events: []string{plugin.MessagePosted},
			New: func(_ context.Context, c printerConfig, _ plugin.Host) (plugin.Bridge, error) {
				return &printer{c}, nil
			},
		})
	}
	_ = main // the host launches it

	p := &printer{printerConfig{Prefix: "> "}}
	_, _ = p.Deliver(context.Background(), &plugin.Event{
		Session: &plugin.Session{ID: "sess_1"},
		Message: &plugin.Message{ID: "msg_1", Name: "Anna", Text: "hello"},
	})
	// Output: > Anna: hello
}

// A failure says what is to be done about it; any other error means: try again.
func ExampleFailure() {
	say := func(err error) {
		switch plugin.KindOf(err) {
		case plugin.FailureRetryAfter:
			fmt.Println("later:", err)
		case plugin.FailurePermanent:
			fmt.Println("never:", err)
		case plugin.FailureThreadGone:
			fmt.Println("in another thread:", err)
		case plugin.FailureUnusable:
			fmt.Println("when somebody has acted:", err)
		default:
			fmt.Println("again:", err)
		}
	}
	say(plugin.RetryAfter(3*time.Second, "api", errors.New("too many calls")))
	say(plugin.Permanent(errors.New("the text is too long")))
	say(plugin.ThreadGone(errors.New("somebody deleted it")))
	say(plugin.Unusable(errors.New("the token was revoked")))
	say(errors.New("502 Bad Gateway"))
	// Output:
	// later: too many calls
	// never: the text is too long
	// in another thread: somebody deleted it
	// when somebody has acted: the token was revoked
	// again: 502 Bad Gateway
}

// A field of the config that is wrong is named, and config.hcl's line with it.
func ExampleFieldError() {
	err := plugin.FieldError("channel_id", errors.New("this is no id of a channel: View Info shows it"))
	var f *plugin.Failure
	fmt.Println(errors.As(err, &f), f.Field, f)
	// Output: true channel_id this is no id of a channel: View Info shows it
}

// The events of a message that has two parts on the platform carry both.
func ExampleEvent_Parts() {
	e := plugin.Event{Links: []plugin.Link{
		{ExternalID: "7", MessageID: "sess_1"},
		{ExternalID: "9", MessageID: "msg_1", Part: 1},
		{ExternalID: "8", MessageID: "msg_1"},
	}, Session: &plugin.Session{ID: "sess_1"}}
	card, _ := e.Card()
	fmt.Println("card:", card.ExternalID)
	for _, part := range e.Parts("msg_1") {
		fmt.Println("part:", part.ExternalID)
	}
	// Output:
	// card: 7
	// part: 8
	// part: 9
}
