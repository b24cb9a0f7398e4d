// Command telegram is the bridge between PocketPing and Telegram: each session is
// a topic of one supergroup, and operators answer there.
package main

import (
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func main() { plugin.Serve(spec()) }

// groupScope is Telegram's quota for one bot in one group, over all its topics.
const groupScope = "group"

func spec() plugin.Spec[Config] {
	return plugin.Spec[Config]{
		Name:    "telegram",
		Version: "0.1.0",
		Events: []string{
			plugin.SessionOpened, plugin.SessionClosed, plugin.SessionReopened, plugin.SessionRated,
			plugin.SessionClaimed, plugin.SessionReleased,
			plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.MessageFailed,
			plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted,
			plugin.VisitorIdentified, plugin.VisitorTracked, plugin.Notice, plugin.EventTyping, plugin.EventReceipt, plugin.ThreadErased,
		},
		Limits: []plugin.Limit{
			{Scope: groupScope, Calls: 20, Per: time.Minute},
			{Scope: groupScope, Calls: 5, Per: 5 * time.Second}, // one a second, and a session may open at once
		},
		Cannot: map[string]string{
			"delete": "Telegram tells no bot that a message was deleted: reply to your message with /del instead.",
			"typing": "Telegram tells no bot that somebody types.",
			"read":   "Telegram tells no bot that a message was read.",
		},
		Folds: true,
		Joins: true,
		New:   newBridge,
	}
}
