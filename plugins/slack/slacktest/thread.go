package slacktest

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

const (
	maxReplies = 1000
	maxHistory = 999
	anHistory  = 100 // messages, when no limit is given
)

var tsForm = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)

// window is which messages a call reads.
type window struct {
	oldest, latest string
	inclusive      bool
	cursor         string // the ts to go on from
	limit          int
	metadata       bool
}

func (c *call) window(limit, most int) (window, error) {
	w := window{inclusive: c.bool("inclusive"), limit: c.number("limit", limit, most), metadata: c.bool("include_all_metadata")}
	for name, to := range map[string]*string{"oldest": &w.oldest, "latest": &w.latest} {
		switch v := c.params[name]; {
		case v == "" || v == "0" || v == "now":
		case !tsForm.MatchString(v):
			return w, fail("invalid_ts_" + name)
		default:
			*to = sixDecimals(v)
		}
	}
	if c.params["cursor"] != "" {
		text, err := base64.StdEncoding.DecodeString(c.params["cursor"])
		ts, ok := strings.CutPrefix(string(text), "next_ts:")
		if err != nil || !ok || !tsForm.MatchString(ts) {
			return w, fail("invalid_cursor")
		}
		w.cursor = ts
	}
	if c.short > 0 {
		w.limit = min(w.limit, c.short)
	}
	if c.limited {
		w.limit = min(w.limit, limitedMax)
	}
	return w, nil
}

// sixDecimals makes a moment comparable with any ts.
func sixDecimals(ts string) string {
	seconds, fraction, _ := strings.Cut(ts, ".")
	return strings.Repeat("0", max(10-len(seconds), 0)) + seconds + "." + fraction + strings.Repeat("0", 6-len(fraction))
}

// holds tells whether the message lies between oldest and latest.
func (w window) holds(ts string) bool {
	if w.inclusive && (ts == w.oldest || ts == w.latest) {
		return true
	}
	return (w.oldest == "" || ts > w.oldest) && (w.latest == "" || ts < w.latest)
}

// page cuts the messages, which are in the order that is read, and says where
// the next page begins.
func (w window) page(all []*Message, newestFirst bool) (page []*Message, next string) {
	all = slices.DeleteFunc(slices.Clone(all), func(m *Message) bool {
		passed := w.cursor != "" && (m.TS < w.cursor && !newestFirst || m.TS > w.cursor && newestFirst)
		return passed || !w.holds(m.TS)
	})
	if len(all) <= w.limit {
		return all, ""
	}
	return all[:w.limit], all[w.limit].TS
}

// answer is a page of messages on the wire.
func (c *call) page(messages []*Message, w window, next string) obj {
	list := []obj{}
	for _, m := range messages {
		wire := c.wireMessage(m)
		if w.metadata && m.Metadata != nil && !m.Tombstone {
			wire["metadata"] = m.Metadata
		}
		list = append(list, wire)
	}
	body := obj{"messages": list, "has_more": next != ""}
	if next != "" {
		body["response_metadata"] = obj{"next_cursor": base64.StdEncoding.EncodeToString([]byte("next_ts:" + next))}
	}
	return body
}

// readReplies is a thread: its parent first on each page, then the replies.
func (c *call) readReplies() (obj, error) {
	ch, err := c.channelOf(false)
	if err != nil {
		return nil, err
	}
	w, err := c.window(maxReplies, maxReplies)
	if err != nil {
		return nil, err
	}
	m := c.messages[c.params["ts"]]
	if m == nil || m.Deleted || m.Channel != ch.id {
		return nil, fail("thread_not_found")
	}
	if m.Thread != "" {
		return c.page([]*Message{m}, w, ""), nil // a reply's ts shows that alone
	}
	replies, next := w.page(c.replies(m.TS), false)
	return c.page(append([]*Message{m}, replies...), w, next), nil
}

// readHistory is what stands in the channel itself, the newest first.
func (c *call) readHistory() (obj, error) {
	ch, err := c.channelOf(false)
	if err != nil {
		return nil, err
	}
	w, err := c.window(anHistory, maxHistory)
	if err != nil {
		return nil, err
	}
	var all []*Message
	for _, m := range slices.Backward(c.order) {
		if m.Channel == ch.id && !m.Deleted && m.top() {
			all = append(all, m)
		}
	}
	messages, next := w.page(all, true)
	body := c.page(messages, w, next)
	body["pin_count"] = 0
	return body, nil
}

func (c *call) members() (obj, error) {
	ch, err := c.channelOf(false)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for id, u := range c.users {
		if !u.Bot && !u.Deleted || u.Bot && ch.member {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	from := 0
	if text, err := base64.StdEncoding.DecodeString(c.params["cursor"]); err == nil && len(text) > 0 {
		from, _ = slices.BinarySearch(ids, string(text))
	}
	ids = ids[from:]
	body := obj{"members": ids, "response_metadata": obj{"next_cursor": ""}}
	if limit := c.number("limit", 100, 1000); len(ids) > limit {
		body["members"] = ids[:limit]
		body["response_metadata"] = obj{"next_cursor": base64.StdEncoding.EncodeToString([]byte(ids[limit]))}
	}
	return body, nil
}
