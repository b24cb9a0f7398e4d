package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// texts are what the host received of operators, with its kind.
func texts(all []plugin.Inbound) (texts []string) {
	for _, in := range all {
		texts = append(texts, fmt.Sprintf("%d %s", in.Kind, in.Text))
	}
	return texts
}

func TestWhatOperatorsDo(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.connected()
	r.must(posted(visitorSays("msg_1", "hello"))) // its echo is nobody's message
	r.olga.Write(mattermosttest.Post{Message: "beside all threads"})
	r.olga.Write(mattermosttest.Post{RootID: card, Message: "joined", Type: "system_join_channel"})
	r.olga.Write(mattermosttest.Post{RootID: card, Message: "of another bot", Props: map[string]any{"from_bot": "true"}})
	r.Odd()
	id := r.olga.Reply(card, "helo **you**", mattermosttest.File{Name: "a.txt", Data: []byte("content")})
	all := r.received(2)
	in := all[slices.IndexFunc(all, func(in plugin.Inbound) bool { return in.Kind == plugin.InboundMessage })]
	if in.Thread != card || in.ExternalID != r.External(id) || in.Text != "helo **you**" || in.Operator != (plugin.Operator{ID: r.olga.ID, Name: "Olga"}) || len(in.Files) != 1 {
		t.Fatalf("%+v", in)
	}
	if f, data, ok := r.host.File(in.Files[0]); !ok || f.Name != "a.txt" || string(data) != "content" {
		t.Errorf("file %+v %q", f, data)
	}
	r.olga.Edit(id, "hello")
	edit := r.received(3)[2]
	if edit.Kind != plugin.InboundEdit || edit.Text != "hello" || edit.ExternalID != in.ExternalID || edit.Revision == "" {
		t.Errorf("%+v", edit)
	}
	r.olga.Delete(id)
	if gone := r.received(4)[3]; gone.Kind != plugin.InboundDelete || gone.ExternalID != in.ExternalID {
		t.Errorf("%+v", gone)
	}
	r.olga.Type(card)
	if typing := r.received(5)[4]; typing.Kind != plugin.InboundTyping || typing.Thread != card || !typing.On {
		t.Errorf("%+v", typing)
	}
}

// What the bridge deletes itself, and what goes with its card, no operator has taken back.
func TestNobodyTookItBack(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.connected()
	r.must(posted(visitorSays("msg_1", "hello")))
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}})
	r.olga.Reply(card, "stays")
	r.received(1)
	r.olga.Delete(card)
	stop := plugintest.Run(t, r.bridge) // a second connection fetches
	defer func() { _ = stop() }()
	r.olga.Reply(card, "after it")
	for _, in := range r.received(2) {
		if in.Kind == plugin.InboundDelete {
			t.Errorf("%+v", in)
		}
	}
}

func TestMissedWhileDown(t *testing.T) {
	r := newRig(t)
	card := r.open()
	stop := r.connected()
	changed, gone := r.olga.Reply(card, "helo"), r.olga.Reply(card, "oops")
	r.received(2)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.restart()
	r.olga.Edit(changed, "hello")
	r.olga.Delete(gone)
	r.olga.Reply(card, "one")
	r.olga.Reply(card, "two")
	r.olga.Delete(r.olga.Reply(card, "three"))
	r.connected()
	got := texts(r.received(7))[2:]
	slices.Sort(got[:2])
	if want := []string{"2 hello", "3 ", "1 one", "1 two", "3 "}; !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}

// Events got lost on the way: the gap in their numbers tells, and they are fetched, before
// what came after them.
func TestGap(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.connected()
	r.olga.Reply(card, "zero")
	r.received(1)
	r.Lose(2)
	r.olga.Reply(card, "one")
	r.olga.Reply(card, "two")
	r.olga.Reply(card, "three")
	if got := texts(r.received(4)); !slices.Equal(got, []string{"1 zero", "1 one", "1 two", "1 three"}) {
		t.Errorf("received %q", got)
	}
}

func TestConnectionBreaks(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.connected()
	for i := range 5 {
		r.olga.Reply(card, fmt.Sprint("before ", i))
		r.CutSockets()
		r.olga.Reply(card, fmt.Sprint("after ", i))
	}
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("1 before ", i), fmt.Sprint("1 after ", i))
	}
	if got := texts(r.received(10)); !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
}

// While what was missed cannot be fetched, nothing overtakes it.
func TestNothingOvertakesWhatWasMissed(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.olga.Reply(card, "missed")
	remove := r.Inject(mattermosttest.Fault{Call: "GET /channels/{id}/posts", Status: 500})
	r.connected()
	r.WaitFor(t, func(s mattermosttest.State) bool { return s.Count("GET /channels/{id}/posts") > 1 })
	r.olga.Reply(card, "heard")
	remove()
	if got := texts(r.received(2)); !slices.Equal(got, []string{"1 missed", "1 heard"}) {
		t.Errorf("received %q", got)
	}
}

func TestUpdatesRepeatedAndShuffled(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.connected()
	r.Replay(5, 4)
	for i := range 20 {
		r.olga.Reply(card, fmt.Sprint("line ", i))
	}
	keys := map[string]bool{}
	for _, in := range r.received(20) {
		keys[in.EffectKey] = true
	}
	if len(keys) != 20 {
		t.Errorf("%d effects", len(keys))
	}
}

// Mattermost took the card and its answer was lost: what operators say in its thread
// before the next try finds it, and the host knows of it, is fetched.
func TestWhatIsSaidBeforeAThreadIsKnown(t *testing.T) {
	r := newRig(t)
	refused := make(chan string, 10)
	r.host.OnReceive = func(in plugin.Inbound) error {
		if known, err := r.host.Links(t.Context(), in.Thread, 0); err == nil && len(known) > 0 {
			return nil
		}
		refused <- in.Text
		return &plugin.Refused{Reason: "no session has this thread"}
	}
	r.connected()
	r.Inject(mattermosttest.Fault{Call: "POST /posts", Drop: simulator.DropAfter, Times: 1})
	opening := &plugin.Event{Type: plugin.SessionOpened}
	r.fails(opening, plugin.FailureRetry, "")
	r.olga.Reply(r.card().ID, "Hello, I am here")
	if text := <-refused; text != "Hello, I am here" {
		t.Fatal(text)
	}
	r.again(opening)
	if got := r.received(1)[0].Text; got != "Hello, I am here" {
		t.Errorf("the host received %q", got)
	}
}

// Nobody but people can make a revoked token good: the core is told.
func TestRevokedToken(t *testing.T) {
	r := newRig(t)
	ended := make(chan error, 1)
	go func() { ended <- r.bridge.Run(t.Context()) }()
	r.WaitFor(t, func(s mattermosttest.State) bool { return s.Sockets > 0 })
	r.Revoke()
	plugintest.WantFailure(t, <-ended, plugin.FailureUnusable, "make another one", r.Token)
}

// The server gives a thousand posts at once, and no more: the others are on its pages.
func TestMoreIsMissedThanOneAnswerHolds(t *testing.T) {
	r := newRig(t)
	card := r.open()
	const many = 1100
	for i := range many {
		r.olga.Reply(card, fmt.Sprint("line ", i))
	}
	r.connected()
	for i, in := range r.received(many) {
		if in.Text != fmt.Sprint("line ", i) {
			t.Fatalf("message %d is %q", i, in.Text)
		}
	}
}
