package main

import (
	"encoding/json"
	"hash/fnv"
	"strconv"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// reader turns what Slack sends into what it means for one channel.
type reader struct {
	channel string
	mine    func(ids ...string) bool // whether one of them is the bot
	thread  func(ts string) string
}

// meaning is what an event asks of the bridge; the zero value asks nothing.
type meaning struct {
	inbound *plugin.Inbound
	said    string // its text as Slack writes it
	user    string // who did it
	files   []file // to fetch for the inbound
	state   string // of a close or a reopen: when, so that a late one has no effect

	gone     string   // this thread no longer exists
	shared   *message // the bridge's own message with files
	standing bool     // the bot may have lost its place: look
	dropped  bool     // Slack does not bring all: fetch it
	warning  string
}

// checkMark is the reaction on a card that closes the session.
const checkMark = "white_check_mark"

// The events that are read, and those that Slack sends along and nobody needs.
var (
	readEvents = map[string]func(r reader, app string, raw []byte) meaning{
		"message":             reader.message,
		"reaction_added":      func(r reader, _ string, raw []byte) meaning { return r.reaction(true, raw) },
		"reaction_removed":    func(r reader, _ string, raw []byte) meaning { return r.reaction(false, raw) },
		"member_left_channel": reader.left,
		"channel_left":        reader.lost,
		"group_left":          reader.lost,
		"channel_archive":     reader.lost,
		"group_archive":       reader.lost,
		"channel_deleted":     reader.lost,
		"group_deleted":       reader.lost,
		"app_uninstalled":     func(reader, string, []byte) meaning { return meaning{standing: true} },
		"tokens_revoked":      func(reader, string, []byte) meaning { return meaning{standing: true} },
	}
	ignoredEvents = map[string]bool{
		"file_shared": true, "file_created": true, "file_change": true, "file_public": true, "file_deleted": true,
		"member_joined_channel": true, "channel_unarchive": true, "channel_rename": true, "channel_created": true,
		"group_unarchive": true, "group_rename": true, "app_home_opened": true, "app_mention": true,
	}
)

// event reads what Slack's events say. It never fails: what it cannot understand
// is kept as it is.
func (r reader) event(payload []byte) meaning {
	var c callback
	if err := json.Unmarshal(payload, &c); err != nil && c.Event == nil {
		return kept(payload)
	}
	if c.Type == "app_rate_limited" {
		return meaning{dropped: true, warning: "Slack sends no more events in this hour and drops some: they are fetched"}
	}
	kind := kindOf(c.Event)
	if read := readEvents[kind]; read != nil {
		m := read(r, c.AppID, c.Event)
		if m.inbound != nil && m.inbound.Kind == plugin.InboundRaw {
			return kept(payload)
		}
		return m
	}
	if ignoredEvents[kind] {
		return meaning{}
	}
	return kept(payload)
}

// kept is something that nothing here understands.
func kept(raw []byte) meaning {
	h := fnv.New64a()
	_, _ = h.Write(raw) // a hash takes everything
	key := "u:" + strconv.FormatUint(h.Sum64(), 36)
	var c callback
	if json.Unmarshal(raw, &c) == nil && c.EventID != "" {
		key = "u:" + c.EventID
	}
	return meaning{
		inbound: &plugin.Inbound{EffectKey: key, Kind: plugin.InboundRaw, Raw: raw},
		warning: "Slack sent something that this version cannot read; it is kept",
	}
}

// Subtypes of messages that people write.
var saidSubtypes = map[string]bool{"": true, "file_share": true, "thread_broadcast": true, "me_message": true}

func (r reader) message(app string, raw []byte) meaning {
	m := readMessage(raw)
	switch {
	case m.Channel != r.channel && m.Channel != "":
		return meaning{}
	case m.Subtype == "message_changed":
		return r.changed(app, m, raw)
	case m.Subtype == "message_deleted":
		return r.deleted(m, raw)
	case !saidSubtypes[m.Subtype] && m.Subtype != "bot_message":
		return meaning{}
	}
	return r.posted(app, m)
}

// posted reads a message of a person. Another app's is nobody's: two bridges in one
// channel would never stop.
func (r reader) posted(app string, m *message) meaning {
	switch {
	case m.TS == "":
		return kept(m.raw)
	case r.isOwn(app, m):
		return meaning{shared: m}
	case !m.isReply() || !isPerson(m) || !saidSubtypes[m.Subtype]:
		return meaning{}
	}
	in := r.inbound(plugin.InboundMessage, m)
	in.EffectKey, in.Revision = "m:"+r.id(m.TS), m.editedAt()
	return r.content(in, m)
}

func (r reader) isOwn(app string, m *message) bool {
	return r.mine(m.User, m.BotID) || app != "" && m.AppID == app
}

func isPerson(m *message) bool { return m.User != "" && m.User != "USLACKBOT" && m.BotID == "" }

func (r reader) id(ts string) string { return r.channel + ":" + ts }

func (r reader) inbound(kind plugin.InboundKind, m *message) *plugin.Inbound {
	return &plugin.Inbound{Kind: kind, Thread: r.thread(m.ThreadTS), ExternalID: m.TS}
}

// content fills in what the message says.
func (r reader) content(in *plugin.Inbound, m *message) meaning {
	said := m.says()
	if said == "" && len(m.Files) == 0 {
		return kept(m.raw)
	}
	return meaning{inbound: in, said: said, user: m.User, files: m.Files}
}

// changed reads an edit. Slack says that a message was changed for much that nobody
// wrote: a preview, a reply to it, a pin.
func (r reader) changed(app string, event *message, raw []byte) meaning {
	m := event.Message
	if m == nil {
		return kept(raw)
	}
	m.Channel, m.raw = event.Channel, raw
	if m.Subtype == "tombstone" {
		return r.goneWith(app, event.Previous, m.TS)
	}
	if !m.isReply() || r.isOwn(app, m) || !isPerson(m) || m.editedAt() == "" || m.editedAt() == event.Previous.editedAt() {
		return meaning{}
	}
	in := r.inbound(plugin.InboundEdit, m)
	in.EffectKey, in.Revision = "e:"+r.id(m.TS)+":"+m.editedAt(), m.editedAt()
	result := r.content(in, m)
	result.files = nil // they were fetched with the message
	return result
}

// goneWith says that a thread is gone when its first message, ours, was deleted. It
// may leave a tombstone there, under which the replies go on.
func (r reader) goneWith(app string, previous *message, ts string) meaning {
	if previous == nil || previous.isReply() || !r.isOwn(app, previous) {
		return meaning{}
	}
	return meaning{gone: r.thread(ts)}
}

// deleted reads that a message was deleted. Whatever the bridge itself posted stays
// as it is for the visitor, and what it deletes is reported too.
func (r reader) deleted(event *message, raw []byte) meaning {
	m := event.Previous
	switch {
	case m == nil || event.DeletedTS == "":
		return kept(raw)
	case !m.isReply():
		return r.goneWith("", m, event.DeletedTS)
	case r.isOwn("", m) || !isPerson(m):
		return meaning{}
	}
	return meaning{inbound: r.removal(r.thread(m.ThreadTS), event.DeletedTS), user: m.User}
}

func (r reader) removal(thread, ts string) *plugin.Inbound {
	return &plugin.Inbound{Kind: plugin.InboundDelete, Thread: thread, ExternalID: ts, EffectKey: "d:" + r.id(ts)}
}

// reaction reads the check mark on a card. Which thread a message is of, a
// reaction does not say.
func (r reader) reaction(added bool, raw []byte) meaning {
	var e reaction
	if err := json.Unmarshal(raw, &e); err != nil && e.Item.TS == "" {
		return kept(raw)
	}
	if e.Name != checkMark || e.Item.Channel != r.channel || e.Item.TS == "" || r.mine(e.User) {
		return meaning{}
	}
	kind, sign := plugin.InboundReopen, "-"
	if added {
		kind, sign = plugin.InboundClose, "+"
	}
	return meaning{
		inbound: &plugin.Inbound{
			Kind: kind, Thread: r.thread(e.Item.TS), ExternalID: e.Item.TS,
			EffectKey: "r:" + r.id(e.Item.TS) + ":" + e.User + ":" + sign + e.At,
		},
		user: e.User, state: e.At,
	}
}

// interactive reads a pressed button of a card.
func (r reader) interactive(payload []byte) meaning {
	var c click
	if err := json.Unmarshal(payload, &c); err != nil && c.Container.TS == "" {
		return kept(payload)
	}
	kinds := map[string]plugin.InboundKind{actionClose: plugin.InboundClose, actionReopen: plugin.InboundReopen}
	for _, a := range c.Actions {
		if kind := kinds[a.ID]; kind != 0 && c.Container.Channel == r.channel && c.Container.TS != "" {
			return meaning{
				inbound: &plugin.Inbound{
					Kind: kind, Thread: r.thread(c.Container.TS), ExternalID: c.Container.TS,
					EffectKey: "b:" + r.id(c.Container.TS) + ":" + c.User.ID + ":" + a.ID + a.At,
				},
				user: c.User.ID, state: a.At,
			}
		}
	}
	return meaning{}
}

func (r reader) left(_ string, raw []byte) meaning {
	var e membership
	_ = json.Unmarshal(raw, &e) // what cannot be read names nobody
	return meaning{standing: e.Channel == r.channel && r.mine(e.User)}
}

func (r reader) lost(_ string, raw []byte) meaning {
	var e membership
	_ = json.Unmarshal(raw, &e) // what cannot be read names no channel
	return meaning{standing: e.Channel == r.channel}
}
