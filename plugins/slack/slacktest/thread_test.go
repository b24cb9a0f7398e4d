package slacktest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func tsOf(messages []wire) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.TS)
	}
	return all
}

func TestReplies(t *testing.T) {
	s := start(t)
	parent := post(t, s, "", "parent", args{"metadata": `{"event_type":"p","event_payload":{}}`})
	var ts []string
	for i := range 5 {
		ts = append(ts, post(t, s, parent, fmt.Sprint(i), args{"metadata": `{"event_type":"r","event_payload":{"n":1}}`}))
	}
	s.Operator("Olga").React(ts[1], "eyes")
	s.Operator("Olga").Edit(s.Operator("Olga").Message(parent, "mine"), "mine, edited")
	read := func(params args) answer {
		t.Helper()
		params["ts"] = parent
		return call(t, s, "conversations.replies", params).want(t, "")
	}
	all := read(args{})
	if len(all.Messages) != 7 || all.Messages[0].TS != parent || all.Messages[0].ReplyCount != 6 || all.HasMore || all.Messages[1].Metadata != nil {
		t.Errorf("all: %s", all.Raw)
	}
	if m := all.Messages[6]; m.Edited == nil || m.Text != "mine, edited" || all.Messages[0].LatestReply != m.TS {
		t.Errorf("the edited one: %+v", m)
	}
	if m := all.Messages[2]; len(m.Reactions) != 1 || m.Reactions[0].Name != "eyes" || m.Reactions[0].Count != 1 {
		t.Errorf("the one with a reaction: %+v", m)
	}
	if a := read(args{"include_all_metadata": "1"}); a.Messages[0].Metadata == nil || a.Messages[1].Metadata.Type != "r" {
		t.Errorf("with metadata: %s", a.Raw)
	}
	for _, tt := range []struct {
		params args
		want   []string
	}{
		{args{"oldest": ts[3]}, []string{parent, ts[4], all.Messages[6].TS}},
		{args{"oldest": ts[3], "inclusive": "1"}, []string{parent, ts[3], ts[4], all.Messages[6].TS}},
		{args{"latest": ts[1]}, []string{parent, ts[0]}},
		{args{"latest": ts[1], "inclusive": "true"}, []string{parent, ts[0], ts[1]}},
		{args{"oldest": ts[0], "latest": ts[2]}, []string{parent, ts[1]}},
		{args{"oldest": "1", "latest": ts[0]}, []string{parent}},
		{args{"oldest": "0", "latest": ts[0]}, []string{parent}},
	} {
		if got := tsOf(read(tt.params).Messages); !slices.Equal(got, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.params, got, tt.want)
		}
	}
	var got []string
	cursor := ""
	for pages := 1; ; pages++ {
		a := read(args{"limit": "2", "cursor": cursor})
		if a.Messages[0].TS != parent || len(a.Messages) > 3 {
			t.Errorf("page %d: %s", pages, a.Raw)
		}
		got = append(got, tsOf(a.Messages[1:])...)
		if cursor = a.Meta.Cursor; cursor == "" {
			if pages != 3 || a.HasMore {
				t.Errorf("%d pages, the last %s", pages, a.Raw)
			}
			break
		}
	}
	if !slices.Equal(got, tsOf(all.Messages[1:])) {
		t.Errorf("the pages hold %v", got)
	}
	if a := call(t, s, "conversations.replies", args{"ts": ts[2]}).want(t, ""); !slices.Equal(tsOf(a.Messages), []string{ts[2]}) {
		t.Errorf("of a reply: %s", a.Raw)
	}
	call(t, s, "conversations.replies", args{"ts": "1.000001"}).want(t, "thread_not_found")
	call(t, s, "conversations.replies", args{"ts": parent, "oldest": "x"}).want(t, "invalid_ts_oldest")
	call(t, s, "conversations.replies", args{"ts": parent, "cursor": "x"}).want(t, "invalid_cursor")
}

func TestHistory(t *testing.T) {
	s := start(t)
	var parents []string
	for i := range 4 {
		parents = append(parents, post(t, s, "", fmt.Sprint(i), args{"metadata": `{"event_type":"p","event_payload":{}}`}))
	}
	reply := post(t, s, parents[0], "reply")
	broadcast := s.Operator("Olga").Broadcast(parents[1], "to all")
	a := call(t, s, "conversations.history", args{"include_all_metadata": "true"}).want(t, "")
	if got, want := tsOf(a.Messages), []string{broadcast, parents[3], parents[2], parents[1], parents[0]}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if last := a.Messages[4]; last.LatestReply != reply || last.Metadata == nil {
		t.Errorf("the parent is %+v", last)
	}
	a = call(t, s, "conversations.history", args{"limit": "2", "oldest": parents[0]})
	b := call(t, s, "conversations.history", args{"limit": "2", "oldest": parents[0], "cursor": a.Meta.Cursor})
	if got := append(tsOf(a.Messages), tsOf(b.Messages)...); !slices.Equal(got, []string{broadcast, parents[3], parents[2], parents[1]}) || !a.HasMore || b.HasMore {
		t.Errorf("pages %v", got)
	}
}

func TestShortPages(t *testing.T) {
	s := start(t, slacktest.WithShortPages(2))
	parent := post(t, s, "", "parent")
	for range 5 {
		post(t, s, parent, "x")
	}
	a := call(t, s, "conversations.replies", args{"ts": parent, "limit": "100"}).want(t, "")
	if len(a.Messages) != 3 || !a.HasMore || a.Meta.Cursor == "" {
		t.Errorf("page %s", a.Raw)
	}
}

func TestLimitedHistory(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithLimitedHistory(), slacktest.WithClock(clock))
	parent := post(t, s, "", "parent")
	for range 20 {
		post(t, s, parent, "x")
	}
	if a := call(t, s, "conversations.replies", args{"ts": parent, "limit": "100"}).want(t, ""); len(a.Messages) != 16 || !a.HasMore {
		t.Errorf("page of %d", len(a.Messages))
	}
	if a := call(t, s, "conversations.replies", args{"ts": parent}); a.Status != 429 || a.Header.Get("Retry-After") != "60" {
		t.Errorf("the second call: %d %v", a.Status, a.Header)
	}
	clock.Advance(time.Minute)
	call(t, s, "conversations.replies", args{"ts": parent}).want(t, "")
}
