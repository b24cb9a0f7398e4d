package slacktest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestEncodings(t *testing.T) {
	s := start(t)
	form := url.Values{"token": {s.BotToken}, "channel": {s.ChannelID}, "text": {"form"}, "unfurl_links": {"false"}, "unfurl_media": {"0"}}.Encode()
	do(t, request(t, s, "chat.postMessage", "application/x-www-form-urlencoded", "", []byte(form))).want(t, "")
	form = url.Values{"channel": {s.ChannelID}, "text": {"header"}}.Encode()
	do(t, request(t, s, "chat.postMessage", "application/x-www-form-urlencoded; charset=utf-8", s.BotToken, []byte(form))).want(t, "")
	json := `{"channel":"` + s.ChannelID + `","text":"json","unfurl_links":false,"unfurl_media":false,"metadata":{"event_type":"x","event_payload":{"id":1}}}`
	do(t, request(t, s, "chat.postMessage", "application/json; charset=utf-8", s.BotToken, []byte(json))).want(t, "")
	do(t, request(t, s, "chat.postMessage", "application/json", "", []byte(strings.Replace(json, "{", `{"token":"`+s.BotToken+`",`, 1)))).want(t, "")
	do(t, request(t, s, "chat.postMessage", "application/json", s.BotToken, []byte("{"))).want(t, "invalid_json")

	r, _ := http.NewRequest(http.MethodGet, s.URL+"conversations.history?channel="+s.ChannelID, nil)
	r.Header.Set("Authorization", "Bearer "+s.BotToken)
	read := do(t, r).want(t, "")
	if len(read.Messages) != 4 || read.Messages[0].Text != "json" || read.Messages[3].Text != "form" {
		t.Errorf("history is %s", read.Raw)
	}
	state := s.State()
	if m := state.Messages[2].Metadata; m == nil || m.Type != "x" || string(m.Payload) != `{"id":1}` {
		t.Errorf("metadata %v", m)
	}
	if state.Messages[0].Unfurls || !state.Messages[1].Unfurls || state.Messages[2].Unfurls {
		t.Error("unfurl_* was misread")
	}
	for _, call := range state.Log {
		if call.Params["token"] != "" || call.Token != "bot" || strings.Contains(strings.Join([]string{call.Params["text"], call.Error}, " "), s.BotToken) {
			t.Errorf("the log tells the token: %+v", call)
		}
	}
}

func TestTokensAndScopes(t *testing.T) {
	s := start(t, slacktest.WithScopes("channels:history", "channels:read"))
	a := call(t, s, "auth.test", nil).want(t, "")
	if a.Header.Get("X-OAuth-Scopes") != "channels:history,channels:read" || !strings.Contains(string(a.Raw), s.BotUser) || !strings.Contains(string(a.Raw), s.BotID) {
		t.Errorf("auth.test says %s with %v", a.Raw, a.Header)
	}
	a = call(t, s, "chat.postMessage", args{"text": "x"}).want(t, "missing_scope")
	if a.Needed != "chat:write" || a.Provided != "channels:history,channels:read" {
		t.Errorf("needed %q provided %q", a.Needed, a.Provided)
	}
	s.SetScopes("chat:write")
	if a := call(t, s, "chat.postMessage", args{"text": "x", "username": "Anna"}).want(t, "missing_scope"); a.Needed != "chat:write.customize" {
		t.Errorf("needed %q", a.Needed)
	}
	call(t, s, "auth.test", args{"token": ""}).want(t, "not_authed")
	call(t, s, "auth.test", args{"token": "xoxb-other"}).want(t, "invalid_auth")
	call(t, s, "auth.test", args{"token": s.AppToken}).want(t, "not_allowed_token_type")
	call(t, s, "apps.connections.open", nil).want(t, "not_allowed_token_type")
	call(t, s, "coffee.brew", nil).want(t, "unknown_method")
	s.RevokeTokens()
	call(t, s, "auth.test", nil).want(t, "token_revoked")
	ticket(t, s) // the app's token is another
	s.Reinstall()
	call(t, s, "auth.test", nil).want(t, "")
	s.Uninstall()
	call(t, s, "auth.test", nil).want(t, "account_inactive")
	call(t, s, "apps.connections.open", args{"token": s.AppToken}).want(t, "account_inactive")
}

func TestPrivateChannelNeedsGroupScopes(t *testing.T) {
	s := start(t, slacktest.WithPrivateChannel(), slacktest.WithScopes("channels:history", "channels:read", "chat:write"))
	if a := call(t, s, "conversations.history", nil).want(t, "missing_scope"); a.Needed != "groups:history" {
		t.Errorf("needed %q", a.Needed)
	}
	s.SetScopes("groups:history", "groups:read", "channels:join")
	call(t, s, "conversations.history", nil).want(t, "")
	call(t, s, "conversations.join", nil).want(t, "method_not_supported_for_channel_type")
	s.RemoveBot()
	call(t, s, "conversations.info", nil).want(t, "channel_not_found")
}

func TestBudgets(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithBudgets(), slacktest.WithClock(clock))
	other := s.AddChannel("other", false, true)
	for range 5 {
		post(t, s, "", "burst")
	}
	a := call(t, s, "chat.postMessage", args{"text": "one more"})
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "5" || a.Error != "ratelimited" || a.OK {
		t.Fatalf("the sixth post: %d %v %s", a.Status, a.Header, a.Raw)
	}
	call(t, s, "chat.postMessage", args{"text": "x", "channel": other}).want(t, "")
	clock.Advance(4 * time.Second)
	call(t, s, "chat.postMessage", args{"text": "early"})
	clock.Advance(time.Second)
	ts := post(t, s, "", "later")
	state := s.State()
	if calls := state.Calls("chat.postMessage"); !calls[7].Early || calls[7].Status != 429 || calls[6].Early || calls[8].Early || calls[5].RetryAfter != 5 {
		t.Errorf("early calls are not told apart: %+v", calls[5:])
	}
	count := func(method string, params args) (n int) {
		for call(t, s, method, params).Status == 200 {
			n++
		}
		return n
	}
	if n := count("chat.update", args{"ts": ts, "text": "x"}); n != 50 {
		t.Errorf("tier 3 is %d a minute", n)
	}
	if n := count("reactions.remove", args{"timestamp": ts, "name": "eyes"}); n != 20 {
		t.Errorf("tier 2 is %d a minute", n)
	}
	if n := count("users.info", args{"user": s.BotUser}); n != 100 {
		t.Errorf("tier 4 is %d a minute", n)
	}
	clock.Advance(time.Minute)
	call(t, s, "chat.update", args{"ts": ts, "text": "x"}).want(t, "")
}

func TestUsersAndChannels(t *testing.T) {
	s := start(t)
	olga := s.Operator("Olga")
	olga.SetProfile("Olga Petrova", "", "https://a.example/o.png")
	a := call(t, s, "users.info", args{"user": olga.ID()}).want(t, "")
	for _, part := range []string{`"real_name":"Olga Petrova"`, `"display_name":""`, `"image_72":"https://a.example/o.png"`, `"is_bot":false`} {
		if !strings.Contains(string(a.Raw), part) {
			t.Errorf("users.info lacks %s: %s", part, a.Raw)
		}
	}
	call(t, s, "users.info", args{"user": "U999"}).want(t, "user_not_found")
	if a := call(t, s, "conversations.members", nil).want(t, ""); !strings.Contains(string(a.Raw), olga.ID()) || !strings.Contains(string(a.Raw), s.BotUser) {
		t.Errorf("members are %s", a.Raw)
	}
	first := call(t, s, "conversations.members", args{"limit": "1"})
	second := call(t, s, "conversations.members", args{"limit": "1", "cursor": first.Meta.Cursor})
	if first.Meta.Cursor == "" || second.Meta.Cursor != "" || string(first.Raw) == string(second.Raw) {
		t.Errorf("pages of members: %s %s", first.Raw, second.Raw)
	}
	out := s.AddChannel("out", false, false)
	if a := call(t, s, "conversations.info", args{"channel": out}).want(t, ""); !strings.Contains(string(a.Channel), `"is_member":false`) {
		t.Errorf("info %s", a.Channel)
	}
	call(t, s, "chat.postMessage", args{"channel": out, "text": "x"}).want(t, "not_in_channel")
	call(t, s, "conversations.join", args{"channel": out}).want(t, "")
	if a := call(t, s, "conversations.join", args{"channel": out}).want(t, ""); !strings.Contains(string(a.Raw), "already_in_channel") {
		t.Errorf("joined twice: %s", a.Raw)
	}
	call(t, s, "chat.postMessage", args{"channel": out, "text": "x"}).want(t, "")
	call(t, s, "conversations.info", args{"channel": "C999"}).want(t, "channel_not_found")
}
