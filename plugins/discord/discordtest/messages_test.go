package discordtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestNonce(t *testing.T) {
	s, clock := frozen(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	path := "/channels/" + id + "/messages"
	send := func(body obj) answer { return call(t, s, "POST", path, body) }
	first := send(obj{"content": "hello", "nonce": "m-7f3a", "enforce_nonce": true}).want(t, 200, 0)
	if first.Body["nonce"] != "m-7f3a" || g.next("MESSAGE_CREATE").data()["nonce"] != "m-7f3a" {
		t.Errorf("nonce is not told: %s", first.Raw)
	}
	again := send(obj{"content": "hello again", "nonce": "m-7f3a", "enforce_nonce": true})
	if again.id(t) != first.id(t) || again.Body["content"] != "hello" {
		t.Errorf("a repeat gives %s", again.Raw)
	}
	if list := call(t, s, "GET", path, nil).List; list[0]["nonce"] != nil {
		t.Errorf("history shows the nonce: %v", list[0])
	}
	if send(obj{"content": "hello", "nonce": "m-7f3a"}).id(t) == first.id(t) {
		t.Error("a nonce that is not enforced has an effect")
	}
	send(obj{"content": "x", "nonce": strings.Repeat("n", 25)}).want(t, 200, 0)
	send(obj{"content": "x", "nonce": strings.Repeat("n", 26)}).want(t, 400, 50035)
	if a := send(obj{"content": "x", "nonce": 123456789012}); a.Body["nonce"] != float64(123456789012) {
		t.Errorf("a number comes back as %s", a.Raw)
	}
	kept := send(obj{"content": "x", "nonce": "deleted", "enforce_nonce": true}).id(t)
	s.Operator("Olga").Delete(kept)
	send(obj{"content": "x", "nonce": "deleted", "enforce_nonce": true}).want(t, 404, 10008)
	clock.Advance(5 * time.Minute)
	if send(obj{"content": "x", "nonce": "deleted", "enforce_nonce": true}).id(t) == kept {
		t.Error("the nonce is remembered for ever")
	}
}

func TestContent(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	path := "/channels/" + id + "/messages"
	if a := call(t, s, "POST", path, obj{"content": " \n hi there \t\n"}); a.Body["content"] != "hi there" {
		t.Errorf("trimmed to %s", a.Raw)
	}
	for _, text := range []string{"", " \n\t ", "\u2003"} {
		call(t, s, "POST", path, obj{"content": text}).want(t, 400, 50006)
	}
	call(t, s, "POST", path, obj{"content": strings.Repeat("👍", 2000)}).want(t, 200, 0)
	for n, words := range map[int]string{2001: "Must be 2000 or fewer in length.", 4000: "Must be 2000 or fewer in length.", 4001: "Must be 4000 or fewer in length."} {
		a := call(t, s, "POST", path, obj{"content": strings.Repeat("é", n)}).want(t, 400, 50035)
		if !strings.Contains(a.Raw, `"errors":{"content":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"`+words) {
			t.Errorf("%d letters: %s", n, a.Raw)
		}
	}
	call(t, s, "POST", path, obj{"embeds": []obj{{"description": "card"}}}).want(t, 200, 0)
	if m := s.Messages(id); m[len(m)-1].Embeds[0].(obj)["description"] != "card" {
		t.Errorf("embeds %v", m[len(m)-1].Embeds)
	}
	call(t, s, "POST", "/channels/"+s.ForumID+"/messages", obj{"content": "x"}).want(t, 400, 50008)
	call(t, s, "POST", path, obj{"content": "quiet", "flags": 4 | 4096 | 1<<20}).want(t, 200, 0)
	if m := s.Messages(id); m[len(m)-1].Flags != 4|4096 || !m[len(m)-1].Quiet() || m[0].Flags != 4 || m[1].Quiet() {
		t.Errorf("flags %d and %d", m[len(m)-1].Flags, m[0].Flags)
	}
}

func TestPings(t *testing.T) {
	s := start(t)
	olga := s.Operator("Olga")
	id := post(t, s, "Anna")
	path := "/channels/" + id + "/messages"
	text := "@everyone <@" + olga.ID() + "> <@&" + s.GuildID + "> \\@here `<@" + s.BotID + ">`"
	asked := olga.Message(id, "hello?")
	for _, tt := range []struct {
		name string
		body obj
		want string
	}{
		{"silent", obj{"content": text, "allowed_mentions": silent}, ""},
		{"missing", obj{"content": text}, olga.ID() + " role:" + s.GuildID + " @everyone @here"},
		{"null", obj{"content": text, "allowed_mentions": nil}, olga.ID() + " role:" + s.GuildID + " @everyone @here"},
		{"parse null", obj{"content": text, "allowed_mentions": obj{"parse": nil}}, ""},
		{"users", obj{"content": text, "allowed_mentions": obj{"parse": []string{"users"}}}, olga.ID()},
		{"listed", obj{"content": text, "allowed_mentions": obj{"users": []string{olga.ID()}}}, olga.ID()},
		{"reply", obj{"content": "x", "message_reference": obj{"message_id": asked}}, olga.ID()},
		{"silent reply", obj{"content": "x", "message_reference": obj{"message_id": asked}, "allowed_mentions": obj{"parse": []string{}, "replied_user": false}}, ""},
	} {
		m := call(t, s, "POST", path, tt.body).id(t)
		if got := strings.Join(s.State().Message(m).Pings, " "); got != tt.want {
			t.Errorf("%s calls %q, want %q", tt.name, got, tt.want)
		}
		if tt.name != "silent" {
			continue
		}
		if a := call(t, s, "GET", path+"/"+m, nil); len(a.Body["mentions"].([]any)) != 0 || a.Body["mention_everyone"] != false {
			t.Errorf("silent mentions %s", a.Raw)
		}
		call(t, s, "PATCH", path+"/"+m, obj{"content": text + "!", "allowed_mentions": silent}).want(t, 200, 0)
		if len(s.State().Message(m).Pings) != 0 {
			t.Error("a silent edit calls somebody")
		}
		call(t, s, "PATCH", path+"/"+m, obj{"content": "<@" + olga.ID() + ">"}).want(t, 200, 0)
		if got := s.State().Message(m).Pings; !slices.Equal(got, []string{olga.ID()}) {
			t.Errorf("an edit without allowed_mentions calls %q", got)
		}
	}
	call(t, s, "POST", path, obj{"content": "x", "allowed_mentions": obj{"parse": []string{"users"}, "users": []string{"1"}}}).want(t, 400, 50035)
	if n := len(s.State().Pinging()); n != 6 {
		t.Errorf("%d messages call somebody", n)
	}
	s.RemovePermission(discordtest.MentionEveryone)
	last := call(t, s, "POST", path, obj{"content": text}).id(t)
	if m := s.State().Message(last); !slices.Equal(m.Pings, []string{olga.ID()}) {
		t.Errorf("without the right it calls %q", m.Pings)
	}
}

func TestReplies(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	first := say(t, s, id, "hello")
	g.next("MESSAGE_CREATE")
	reply := s.Operator("Olga").Reply(first, "hi")
	m := g.next("MESSAGE_CREATE").data()
	if m["type"] != float64(19) || m["message_reference"].(obj)["message_id"] != first || m["referenced_message"].(obj)["content"] != "hello" {
		t.Errorf("reply %v", m)
	}
	path := "/channels/" + id + "/messages"
	body := obj{"content": "x", "message_reference": obj{"message_id": reply, "fail_if_not_exists": false}}
	if a := call(t, s, "POST", path, body); a.Body["type"] != float64(19) {
		t.Errorf("the bot's reply %s", a.Raw)
	}
	s.Operator("Olga").Delete(reply)
	if list := call(t, s, "GET", path+"?limit=1", nil).List; list[0]["referenced_message"] != nil {
		t.Errorf("a reply to what was deleted %v", list[0])
	}
	if a := call(t, s, "POST", path, body); a.Body["type"] != float64(0) {
		t.Errorf("a reply to nothing %s", a.Raw)
	}
	delete(body["message_reference"].(obj), "fail_if_not_exists")
	call(t, s, "POST", path, body).want(t, 400, 50035)
}

func TestEditsAndDeletes(t *testing.T) {
	s, clock := frozen(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	olga := s.Operator("Olga")
	m := olga.Message(id, "helo")
	if created := g.next("MESSAGE_CREATE").data(); created["guild_id"] != s.GuildID || created["channel_type"] != float64(11) || created["member"] == nil || created["edited_timestamp"] != nil {
		t.Errorf("created %v", created)
	}
	if a := call(t, s, "GET", "/channels/"+id+"/messages/"+m, nil); a.Body["guild_id"] != nil || a.Body["member"] != nil {
		t.Errorf("REST says what only the gateway does: %s", a.Raw)
	}
	olga.Edit(m, "hello")
	if edited := g.next("MESSAGE_UPDATE").data(); edited["content"] != "hello" || edited["edited_timestamp"] != "2025-10-09T08:53:20.000000+00:00" {
		t.Errorf("edited %v", edited)
	}
	s.Unfurl(m)
	if f := g.next("MESSAGE_UPDATE").data(); f["content"] != nil || len(f["embeds"].([]any)) != 1 {
		t.Errorf("unfurled %v", f)
	}
	olga.Pin(m)
	if f := g.next("MESSAGE_UPDATE").data(); f["pinned"] != true {
		t.Errorf("pinned %v", f)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["type"] != float64(6) {
		t.Errorf("told of the pin by %v", f)
	}
	path := "/channels/" + id + "/messages/"
	call(t, s, "PATCH", path+m, obj{"content": "mine"}).want(t, 403, 50005)
	own := say(t, s, id, "own")
	g.next("MESSAGE_CREATE")
	clock.Advance(time.Second)
	call(t, s, "PATCH", path+own, obj{"content": " "}).want(t, 400, 50006)
	if a := call(t, s, "PATCH", path+own, obj{"content": "edited", "flags": 4}); a.Body["edited_timestamp"] != "2025-10-09T08:53:21.000000+00:00" || a.Body["flags"] != float64(4) {
		t.Errorf("own edit %s", a.Raw)
	}
	g.next("MESSAGE_UPDATE")
	call(t, s, "DELETE", path+own, nil).want(t, 204, 0)
	if f := g.next("MESSAGE_DELETE").data(); f["id"] != own || f["channel_id"] != id || f["guild_id"] != s.GuildID {
		t.Errorf("deleted %v", f)
	}
	call(t, s, "DELETE", path+own, nil).want(t, 404, 10008)
	call(t, s, "PATCH", path+own, obj{"content": "x"}).want(t, 404, 10008)
	a, b := olga.Message(id, "a"), say(t, s, id, "b")
	g.next("MESSAGE_CREATE")
	g.next("MESSAGE_CREATE")
	olga.BulkDelete(a, b)
	if f := g.next("MESSAGE_DELETE_BULK").data(); len(f["ids"].([]any)) != 2 {
		t.Errorf("deleted %v", f)
	}
	call(t, s, "DELETE", path+m, nil).want(t, 204, 0) // by MANAGE_MESSAGES
	bulk := "/channels/" + id + "/messages/bulk-delete"
	call(t, s, "POST", bulk, obj{"messages": []string{a}}).want(t, 400, 50016)
	call(t, s, "POST", bulk, obj{"messages": []string{"1", "2"}}).want(t, 400, 50034)
	call(t, s, "POST", bulk, obj{"messages": []string{say(t, s, id, "c"), say(t, s, id, "d")}}).want(t, 204, 0)
	state := s.State()
	if got := len(state.Deleted); got != 6 || texts(s, id) != "New visitor" || state.Message(a).Content != "a" {
		t.Errorf("%d deleted: %s", got, state)
	}
}

func TestReactions(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	path := "/channels/" + id + "/messages/" + id + "/reactions/"
	call(t, s, "PUT", path+"%F0%9F%91%80/@me", nil).want(t, 204, 0)
	if f := g.next("MESSAGE_REACTION_ADD").data(); f["user_id"] != s.BotID || f["emoji"].(obj)["name"] != "👀" || f["message_author_id"] != s.BotID {
		t.Errorf("own reaction %v", f)
	}
	call(t, s, "PUT", path+"%F0%9F%91%80/@me", nil).want(t, 204, 0) // nothing new
	for _, wrong := range []string{"%25F0%259F%2591%2580", "eyes", "wave:12345"} {
		call(t, s, "PUT", path+wrong+"/@me", nil).want(t, 400, 10014)
	}
	olga := s.Operator("Olga")
	olga.React(id, "👀")
	olga.React(id, "❤️")
	g.next("MESSAGE_REACTION_ADD")
	g.next("MESSAGE_REACTION_ADD")
	if r := s.State().Message(id).Reactions; len(r) != 2 || len(r[0].Users) != 2 || r[1].Users[0] != olga.ID() {
		t.Errorf("reactions %v", r)
	}
	if a := call(t, s, "GET", "/channels/"+id+"/messages/"+id, nil); a.Body["reactions"].([]any)[0].(obj)["count"] != float64(2) {
		t.Errorf("reactions %s", a.Raw)
	}
	if l := call(t, s, "GET", path+"%F0%9F%91%80", nil).List; len(l) != 2 {
		t.Errorf("users %v", l)
	}
	olga.Unreact(id, "❤️")
	g.next("MESSAGE_REACTION_REMOVE")
	call(t, s, "DELETE", path+"%F0%9F%91%80/@me", nil).want(t, 204, 0)
	if f := g.next("MESSAGE_REACTION_REMOVE").data(); f["user_id"] != s.BotID {
		t.Errorf("took back %v", f)
	}
	call(t, s, "DELETE", path+"%F0%9F%91%80", nil).want(t, 204, 0)
	g.next("MESSAGE_REACTION_REMOVE_EMOJI")
	if r := s.State().Message(id).Reactions; len(r) != 0 {
		t.Errorf("in the end %v", r)
	}
	for _, r := range strings.Fields("😀 😁 😂 😃 😄 😅 😆 😇 😈 😉 😊 😋 😌 😍 😎 😏 😐 😑 😒 😓") {
		olga.React(id, r)
	}
	call(t, s, "PUT", path+"%F0%9F%91%80/@me", nil).want(t, 400, 30010)
}

func TestTyping(t *testing.T) {
	s, clock := frozen(t)
	id := post(t, s, "Anna")
	g := identify(t, s)
	s.Operator("Olga").Type(id)
	if f := g.next("TYPING_START").data(); f["user_id"] != s.Operator("Olga").ID() || f["channel_id"] != id || f["timestamp"] != float64(1_760_000_000) {
		t.Errorf("typing %v", f)
	}
	call(t, s, "POST", "/channels/"+id+"/typing", nil).want(t, 204, 0)
	if g.next("TYPING_START").data()["user_id"] != s.BotID || !s.Typing(id) {
		t.Error("the bot does not type")
	}
	clock.Advance(10 * time.Second)
	if s.Typing(id) {
		t.Error("typing does not end")
	}
	call(t, s, "POST", "/channels/"+id+"/typing", nil).want(t, 204, 0)
	say(t, s, id, "x")
	if s.Typing(id) {
		t.Error("typing does not end with a message")
	}
}

func TestOtherAuthors(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	s.Bot("Helper").Message(id, "beep")
	s.Webhook("GitHub").Message(id, "push")
	s.Operator("Olga").Message(s.TextID, "elsewhere")
	if f := g.next("MESSAGE_CREATE").data(); f["author"].(obj)["bot"] != true || f["webhook_id"] != nil {
		t.Errorf("a bot's %v", f)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["webhook_id"] == nil || f["member"] != nil {
		t.Errorf("a webhook's %v", f)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["channel_type"] != float64(0) || f["channel_id"] != s.TextID {
		t.Errorf("in the text channel %v", f)
	}
	if m := s.Messages(id); m[1].Author.Name != "Helper" || !m[1].Author.Bot || m[2].Webhook == "" {
		t.Errorf("messages %+v", m)
	}
}
