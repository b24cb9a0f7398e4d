package discordtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestIdentify(t *testing.T) {
	s := start(t)
	id, gone := post(t, s, "Anna"), post(t, s, "Ben")
	last := say(t, s, id, "hello")
	s.Operator("Olga").Archive(gone)
	g := connect(t, s)
	g.send(2, obj{"token": s.Token, "intents": intents})
	ready := g.next("READY").data()
	if ready["user"].(obj)["id"] != s.BotID || !strings.HasPrefix(ready["resume_gateway_url"].(string), "ws://127.0.0.1:") {
		t.Errorf("READY %v", ready)
	}
	if guild := ready["guilds"].([]any)[0].(obj); guild["unavailable"] != true || guild["id"] != s.GuildID {
		t.Errorf("READY's guild %v", guild)
	}
	guild := g.next("GUILD_CREATE").data()
	threads := guild["threads"].([]any)
	if len(guild["channels"].([]any)) != 2 || len(threads) != 1 {
		t.Fatalf("GUILD_CREATE has channels %v and threads %v", guild["channels"], threads)
	}
	if thread := threads[0].(obj); thread["id"] != id || thread["last_message_id"] != last || thread["parent_id"] != s.ForumID {
		t.Errorf("thread %v", thread)
	}
}

func TestCloseCodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts []discordtest.Option
		send func(*socket, string)
		code int
	}{
		{"unknown operation", nil, func(g *socket, _ string) { g.send(99, nil) }, 4001},
		{"no JSON", nil, func(g *socket, _ string) { g.text("{") }, 4002},
		{"too long", nil, func(g *socket, _ string) { g.send(1, strings.Repeat("x", 5000)) }, 4002},
		{"not identified", nil, func(g *socket, _ string) { g.send(3, obj{}) }, 4003},
		{"wrong token", nil, func(g *socket, _ string) { g.send(2, obj{"token": "wrong", "intents": 1}) }, 4004},
		{"twice", nil, func(g *socket, token string) {
			g.send(2, obj{"token": token, "intents": 1})
			g.send(2, obj{"token": token, "intents": 1})
		}, 4005},
		{"too many frames", nil, func(g *socket, _ string) {
			for range 121 {
				g.send(1, nil)
			}
		}, 4008},
		{"shard", nil, func(g *socket, token string) { g.send(2, obj{"token": token, "intents": 1, "shard": []int{1, 1}}) }, 4010},
		{"no intents", nil, func(g *socket, token string) { g.send(2, obj{"token": token}) }, 4013},
		{"unknown intents", nil, func(g *socket, token string) { g.send(2, obj{"token": token, "intents": 1 << 30}) }, 4013},
		{"intent that is off", []discordtest.Option{discordtest.WithoutMessageContent()}, func(g *socket, token string) { g.send(2, obj{"token": token, "intents": intents}) }, 4014},
		{"members", nil, func(g *socket, token string) { g.send(2, obj{"token": token, "intents": 1 << 1}) }, 4014},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.opts...)
			g := connect(t, s)
			tt.send(g, s.Token)
			if code := g.end(); code != tt.code {
				t.Errorf("closed with %d, want %d", code, tt.code)
			}
		})
	}
	if code := dial(t, start(t), "v=5").end(); code != 4012 {
		t.Errorf("version 5 is closed with %d", code)
	}
}

func TestHeartbeats(t *testing.T) {
	s := start(t, discordtest.WithHeartbeat(20*time.Millisecond))
	g := connect(t, s)
	g.send(1, nil)
	g.op(11)
	s.RequestHeartbeat()
	g.op(1)
	s.Acks(false)
	g.send(1, nil)
	s.WaitFor(t, func(state discordtest.State) bool { return state.Gateway.Heartbeats == 2 })
	s.Acks(true)
	g.send(1, nil)
	g.op(11)
	s.RequestHeartbeat()
	g.op(1) // had the second heartbeat been acknowledged, that would come first
}

func TestSilentClientIsClosed(t *testing.T) {
	s := start(t, discordtest.WithHeartbeatPatience(40*time.Millisecond))
	if code := connect(t, s).end(); code != 4009 {
		t.Errorf("a client without heartbeats is closed with %d", code)
	}
}

func TestZombie(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.Zombie()
	g.send(1, nil)
	id := post(t, s, "Anna")
	s.WaitFor(t, func(state discordtest.State) bool { return state.Gateway.Heartbeats == 1 })
	n := resumeOf(t, s, g)
	n.next("THREAD_CREATE")
	if m := n.next("MESSAGE_CREATE").data(); m["id"] != id {
		t.Errorf("resumed with %v", m)
	}
	n.next("RESUMED")
	if code := g.end(); code != -1 {
		t.Errorf("the zombie ended with %d", code)
	}
	n.send(1, nil)
	n.op(11)
}

func TestResume(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.DropGateway()
	if code := g.end(); code != -1 {
		t.Errorf("a dropped socket closes with %d", code)
	}
	id := post(t, s, "Anna")
	for i := range 3 {
		s.Operator("Olga").Message(id, fmt.Sprint(i))
	}
	n := resumeOf(t, s, g)
	n.next("THREAD_CREATE")
	n.next("MESSAGE_CREATE")
	for i := range 3 {
		if f := n.next("MESSAGE_CREATE"); f.data()["content"] != fmt.Sprint(i) || f.Seq != int64(5+i) {
			t.Errorf("replayed %d %s", f.Seq, f.D)
		}
	}
	n.next("RESUMED")
	s.Operator("Olga").Message(id, "live")
	if f := n.next("MESSAGE_CREATE"); f.data()["content"] != "live" {
		t.Errorf("after the resume came %s", f.D)
	}
	if c := s.State().Gateway; c.Resumes != 1 || c.Identifies != 1 || c.Connected != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestResumeRefused(t *testing.T) {
	s, clock := frozen(t, discordtest.WithResumeWindow(time.Minute))
	g := identify(t, s)
	s.DropGateway()
	clock.Advance(61 * time.Second)
	n := resumeOf(t, s, g)
	if f := n.op(9); string(f.D) != "false" {
		t.Errorf("after the window: %s", f.D)
	}
	n.send(2, obj{"token": s.Token, "intents": intents}) // on the same socket
	n.next("READY")
	n.next("GUILD_CREATE")
	g = identify(t, s)
	s.DropGateway()
	g.seq = 1000
	if code := resumeOf(t, s, g).end(); code != 4007 {
		t.Errorf("a number of the future is closed with %d", code)
	}
	c := connect(t, s)
	c.send(6, obj{"token": "wrong", "session_id": g.session, "seq": 1})
	if code := c.end(); code != 4004 {
		t.Errorf("a wrong token is closed with %d", code)
	}
}

func TestClientCloses(t *testing.T) {
	for code, resumes := range map[websocket.StatusCode]bool{1000: false, 1001: false, 1012: true, 4000: true} {
		s := start(t)
		g := identify(t, s)
		g.ws.Close(code, "")
		s.WaitFor(t, func(state discordtest.State) bool {
			return state.Gateway.Connected == 0 && state.Gateway.LastClose == int(code)
		})
		want := 9
		if resumes {
			want = 0
		}
		if f := resumeOf(t, s, g).read(); f.Op != want {
			t.Errorf("a resume after a close with %d gets op %d", code, f.Op)
		}
	}
}

func TestServerAsksForAnother(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.Reconnect()
	g.op(7)
	n := resumeOf(t, s, g)
	n.next("RESUMED")
	s.InvalidateSession(true)
	if f := n.op(9); string(f.D) != "true" {
		t.Errorf("op 9 says %s", f.D)
	}
	r := resumeOf(t, s, n)
	r.next("RESUMED")
	s.InvalidateSession(false)
	if f := r.op(9); string(f.D) != "false" {
		t.Errorf("op 9 says %s", f.D)
	}
	resumeOf(t, s, r).op(9)
	s.Operator("Olga").Post(s.ForumID, "lost", "to nobody")
	r.send(2, obj{"token": s.Token, "intents": intents})
	r.next("READY")
	if guild := r.next("GUILD_CREATE").data(); len(guild["threads"].([]any)) != 1 {
		t.Errorf("threads %v", guild["threads"])
	}
	s.CloseGateway(4000)
	if code := r.end(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
}

func TestStrangeEvents(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.Dispatch("SOMETHING_NEW", []int{1})
	if f := g.next("SOMETHING_NEW"); string(f.D) != "[1]" {
		t.Errorf("unknown event %s", f.D)
	}
	s.Dispatch("MESSAGE_CREATE", obj{"id": 7, "content": []string{}})
	g.next("MESSAGE_CREATE")
	s.Garbage("{{{")
	if _, b, err := g.ws.Read(patience(t)); err != nil || string(b) != "{{{" {
		t.Errorf("garbage %q %v", b, err)
	}
}

func TestRevokedToken(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.RevokeToken()
	if code := g.end(); code != 4004 {
		t.Errorf("closed with %d", code)
	}
	c := connect(t, s)
	c.send(2, obj{"token": s.Token, "intents": intents})
	if code := c.end(); code != 4004 {
		t.Errorf("identifying is closed with %d", code)
	}
}

func TestIdentifyLimit(t *testing.T) {
	s, clock := frozen(t, discordtest.WithIdentifyLimit(2), discordtest.WithIdentifyGap(5*time.Second))
	identify(t, s)
	g := connect(t, s)
	g.send(2, obj{"token": s.Token, "intents": intents})
	g.op(9) // within five seconds
	clock.Advance(5 * time.Second)
	g.send(2, obj{"token": s.Token, "intents": intents})
	g.next("READY")
	if b := call(t, s, "GET", "/gateway/bot", nil).Body["session_start_limit"].(obj); b["remaining"] != float64(0) {
		t.Errorf("gateway/bot says %v", b)
	}
	clock.Advance(5 * time.Second)
	g = connect(t, s)
	g.send(2, obj{"token": s.Token, "intents": intents})
	if code := g.end(); code != 4004 {
		t.Errorf("the third session is closed with %d", code)
	}
	call(t, s, "GET", "/users/@me", nil).want(t, 401, 0)
}

func TestIntents(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	g := connect(t, s)
	g.send(2, obj{"token": s.Token, "intents": 1 << 9}) // messages without their content
	g.next("READY")
	olga := s.Operator("Olga")
	olga.Type(id)
	own := say(t, s, id, "own")
	olga.React(own, "👍")
	olga.File(id, "a.txt", "text/plain", []byte("a"), "secret")
	olga.Message(id, "<@"+s.BotID+"> look")
	olga.Reply(own, "a reply mentions too")
	for _, want := range []string{"own", "", "<@" + s.BotID + "> look", "a reply mentions too"} {
		m := g.next("MESSAGE_CREATE").data()
		if m["content"] != want || len(m["attachments"].([]any)) != 0 {
			t.Errorf("content %q, attachments %v", m["content"], m["attachments"])
		}
	}
	s.SetMessageContent(false)
	if list := call(t, s, "GET", "/channels/"+id+"/messages", nil).List; list[2]["content"] != "" || list[3]["content"] != "own" {
		t.Errorf("REST shows %v", list)
	}
	s.SetMessageContent(true)
	if list := call(t, s, "GET", "/channels/"+id+"/messages", nil).List; list[2]["content"] != "secret" {
		t.Errorf("REST shows %v", list[2])
	}
}

func TestReplay(t *testing.T) {
	s := start(t, discordtest.WithReplay(5, 30), discordtest.WithSeed(3))
	g := identify(t, s)
	const n = 400
	for i := range n {
		s.Dispatch("TEST", i)
	}
	copies, order, shuffled := map[int]int{}, -1, 0
	s.Replay(1, 0)
	s.Dispatch("END", nil)
	at := 0
	for f := g.read(); f.T != "END"; f = g.read() {
		var i int
		if err := json.Unmarshal(f.D, &i); err != nil {
			t.Fatal(err)
		}
		if copies[i]++; i < order {
			shuffled++
		}
		order = max(order, i)
		if order-i > 31 {
			t.Errorf("%d came after %d", i, order)
		}
		at++
	}
	for i := range n {
		if copies[i] < 1 || copies[i] > 5 {
			t.Errorf("event %d came %d times", i, copies[i])
		}
	}
	if at < 2*n || shuffled < n/4 {
		t.Errorf("%d deliveries, %d out of order", at, shuffled)
	}
}
