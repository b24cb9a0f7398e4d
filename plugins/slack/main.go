// Command slack is the bridge between PocketPing and Slack: each session is a
// thread in one channel, and operators answer there.
package main

import (
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func main() { plugin.Serve(spec()) }

// The quotas of Slack, as the core knows them: posts in the one channel, and
// changes of what is there.
const (
	postScope   = "post"
	changeScope = "change"
)

// posts are the events that are shown by posting; changes edit or delete.
var (
	posts = []string{
		plugin.SessionOpened, plugin.SessionRated, plugin.SessionClaimed, plugin.SessionReleased, plugin.MessagePosted,
		plugin.MessageFailed, plugin.NotePosted, plugin.VisitorTracked, plugin.Notice,
	}
	changes = []string{
		plugin.SessionClosed, plugin.SessionReopened, plugin.MessageEdited, plugin.MessageDeleted, plugin.NoteEdited,
		plugin.NoteDeleted, plugin.VisitorIdentified, plugin.ThreadErased,
	}
)

func spec() plugin.Spec[Config] {
	return plugin.Spec[Config]{
		Name:    "slack",
		Version: "0.1.0",
		Events:  append(append([]string{plugin.EventReceipt}, posts...), changes...),
		Limits: []plugin.Limit{
			{Scope: postScope, Calls: 5, Per: 5 * time.Second, Events: posts}, // one a second, and a few at once
			{Scope: changeScope, Calls: 50, Per: time.Minute, Events: changes},
		},
		PublicPaths: []string{eventsPath},
		Cannot: map[string]string{
			"reply":   "Slack has no reply to one message of a thread: what is answered is shown as a quote.",
			"typing":  "Slack tells no app that somebody types, and shows nobody that the visitor does.",
			"read":    "Slack tells no app that a message was read.",
			"delete":  "Slack lets only its author delete a message: what another bridge deletes of yours, you delete here yourself.",
			"command": "Slack has no slash commands in threads: write !close, !note and the others.",
		},
		Folds: true,
		New:   newBridge,
	}
}
