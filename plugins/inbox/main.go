// Command inbox is a PocketPing bridge whose platform is a web page of its own:
// operators answer visitors in their browser, with no account anywhere. The core
// serves the page under /plugins/<bridge id>/ to operators who are signed in.
package main

import "github.com/pocketping/pocketping/sdk/plugin"

// Config is the bridge's block in config.hcl: it needs nothing.
type Config struct{}

func main() {
	plugin.Serve(plugin.Spec[Config]{
		Name:    "inbox",
		Version: "0.1.0",
		Kind:    plugin.KindBridge,
		Events:  events,
		New:     newBridge,
	})
}

// events is everything: the page shows all that operators may see.
var events = []string{
	plugin.SessionOpened, plugin.SessionClosed, plugin.SessionReopened, plugin.SessionRated, plugin.SessionClaimed,
	plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.MessageFailed,
	plugin.VisitorIdentified, plugin.VisitorTracked,
	plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted, plugin.Notice,
	plugin.EventTyping, plugin.EventReceipt, plugin.ThreadErased,
}
