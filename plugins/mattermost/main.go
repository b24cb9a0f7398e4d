// Command mattermost is the bridge between PocketPing and Mattermost: each session is
// a thread in one channel, and operators answer there.
package main

import (
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func main() { plugin.Serve(spec()) }

func spec() plugin.Spec[Config] {
	return plugin.Spec[Config]{
		Name:    "mattermost",
		Version: "0.1.0",
		Events: []string{
			plugin.SessionOpened, plugin.SessionClosed, plugin.SessionReopened, plugin.SessionRated,
			plugin.SessionClaimed, plugin.SessionReleased,
			plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.MessageFailed,
			plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted,
			plugin.VisitorIdentified, plugin.VisitorTracked, plugin.Notice, plugin.EventTyping, plugin.ThreadErased,
		},
		Limits: []plugin.Limit{{Scope: apiScope, Calls: 10, Per: time.Second}},
		Cannot: map[string]string{
			"reply": "Mattermost has no reply to one message of a thread: what is answered is shown as a quote.",
			"read":  "Mattermost tells no bot that a message was read.",
			"close": "Mattermost has no threads that are closed: write !close.",
		},
		Folds: true,
		New:   newBridge,
	}
}
