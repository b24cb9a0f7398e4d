package plugin_test

import (
	"context"
	"fmt"

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
