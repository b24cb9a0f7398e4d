// Command discord is the bridge between PocketPing and Discord: each session is a
// post of one forum, or a thread of one text channel, and operators answer there.
package main

import (
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func main() { plugin.Serve(spec()) }

const (
	// globalScope is Discord's quota for one bot, over everything.
	globalScope = "bot"
	// openScope is its quota for new threads in one channel.
	openScope = "open"
)

func spec() plugin.Spec[Config] {
	return plugin.Spec[Config]{
		Name:    "discord",
		Version: "0.1.0",
		Events: []string{
			plugin.SessionOpened, plugin.SessionClosed, plugin.SessionReopened, plugin.SessionRated, plugin.SessionClaimed, plugin.SessionReleased,
			plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.MessageFailed,
			plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted,
			plugin.VisitorIdentified, plugin.VisitorTracked, plugin.Notice, plugin.EventTyping, plugin.EventReceipt, plugin.ThreadErased,
		},
		Limits: []plugin.Limit{
			{Scope: globalScope, Calls: 40, Per: time.Second}, // of 50
			{Scope: plugin.ScopeThread, Calls: 5, Per: 5 * time.Second},
			{Scope: openScope, Calls: 10, Per: time.Minute, Events: []string{plugin.SessionOpened}},
		},
		Cannot: map[string]string{
			"read":    "Discord tells no bot that a message was read.",
			"edit":    "Discord lets no bot change an operator's message: what becomes of yours elsewhere stands in a reply to it.",
			"command": "Discord keeps “/” for commands of its own: write !close, !note and the others.",
		},
		Folds: true,
		New:   newBridge,
	}
}
