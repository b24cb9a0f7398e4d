package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	pageSize = 200
	maxPages = 50 // of one thread: no more than 10,000 messages are ever read at once
)

// tsOf is a moment as Slack counts: seconds with six decimals, all of a length, so
// that they compare as text.
func tsOf(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.UnixMicro()/1e6, t.UnixMicro()%1e6)
}

// replies reads a thread from oldest on, in order; its parent always comes first.
// whole says whether that is all that there is.
func (a *api) replies(ctx context.Context, parent, oldest string) (found []*message, whole bool, err error) {
	return a.read(ctx, "conversations.replies", url.Values{"ts": {parent}, "oldest": {oldest}, "inclusive": {"1"}}, maxPages)
}

// parents reads the newest messages of the channel itself, the newest first.
func (a *api) parents(ctx context.Context, oldest string, pages int) ([]*message, error) {
	params := url.Values{}
	if oldest != "" {
		params.Set("oldest", oldest)
	}
	found, _, err := a.read(ctx, "conversations.history", params, pages)
	return found, err
}

// reply reads one message of a thread; nil when it is not there.
func (a *api) reply(ctx context.Context, parent, ts string) (*message, error) {
	found, _, err := a.read(ctx, "conversations.replies", url.Values{"ts": {parent}, "oldest": {ts}, "latest": {ts}, "inclusive": {"1"}}, 1)
	for _, m := range found {
		if m.TS == ts {
			return m, err
		}
	}
	return nil, err
}

func (a *api) read(ctx context.Context, method string, params url.Values, pages int) (all []*message, whole bool, err error) {
	params.Set("channel", a.channel)
	params.Set("limit", strconv.Itoa(pageSize))
	params.Set("include_all_metadata", "1")
	for range pages {
		var page struct {
			Messages []json.RawMessage
			More     bool `json:"has_more"`
			Limited  bool `json:"is_limited"` // by the workspace's plan
			Next     struct {
				Cursor string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		if err := a.ask(ctx, method, params, &page); err != nil {
			return nil, false, err
		}
		for _, raw := range page.Messages {
			m := readMessage(raw)
			m.Channel = a.channel
			if len(all) == 0 || m.TS != all[0].TS { // the parent comes with each page
				all = append(all, m)
			}
		}
		if page.Next.Cursor == "" {
			return all, !page.More && !page.Limited, nil
		}
		params.Set("cursor", page.Next.Cursor)
	}
	return all, false, nil
}

// sent finds what the bridge posted under one of the keys; empty when it is not there.
func (a *api) sent(ctx context.Context, parent string, since time.Time, keys []string) (ts string, err error) {
	var found []*message
	from := tsOf(a.net.clock.Earliest(since))
	if parent == "" {
		found, err = a.parents(ctx, from, maxPages)
	} else {
		found, _, err = a.replies(ctx, parent, from)
	}
	for _, m := range found {
		if key := m.key(); key != "" && slices.Contains(keys, key) && a.echo.Mine(m.BotID, m.User) {
			return m.TS, nil
		}
	}
	return "", err
}
