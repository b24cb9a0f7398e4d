package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestConform(t *testing.T) {
	for name, channel := range map[string]func(*discordtest.Server) string{
		"forum": func(s *discordtest.Server) string { return s.ForumID },
		"text":  func(s *discordtest.Server) string { return s.TextID },
	} {
		t.Run(name, func(t *testing.T) {
			plugintest.Conform(t, func(t *testing.T, h *plugintest.Host) plugin.Bridge {
				s := discordtest.NewServer(discordtest.WithoutLimits())
				t.Cleanup(s.Close)
				b, err := newBridge(context.Background(), Config{Token: s.Token, ChannelID: channel(s), APIURL: s.URL}, h)
				if err != nil {
					t.Fatal(err)
				}
				return b
			})
		})
	}
}

func TestSessionOpensAPost(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	post := r.State().Thread(thread)
	if post.Parent != r.ForumID || post.Name != "Anna · /pricing" || post.Owner != r.BotID || post.AutoArchive != 7*24*time.Hour {
		t.Errorf("post %+v", post)
	}
	card := r.State().Message(thread)
	if !strings.HasPrefix(card.Content, "**Anna** · open\n**Session:** sess\\_1") || !strings.Contains(card.Content, "<https://acme.example/pricing?x=1>") || !card.Quiet() {
		t.Errorf("card %+v", card)
	}
	if len(r.State().Threads) != 1 || r.bridge.courier == nil {
		t.Errorf("threads %+v", r.State().Threads)
	}
	if got := r.must(&plugin.Event{Type: plugin.SessionOpened}); got.Calls != -1 || len(r.said()) != 0 {
		t.Errorf("opened again: %+v, %q", got, r.said())
	}
}

func TestSessionOpensAThreadOfATextChannel(t *testing.T) {
	r := newRigOn(t, func(s *discordtest.Server) string { return s.TextID })
	thread := r.open()
	if got := r.State().Thread(thread); got.Parent != r.TextID || got.Name != "Anna · /pricing" {
		t.Errorf("thread %+v", got)
	}
	if card := r.State().Message(thread); card.Channel != r.TextID || !strings.HasPrefix(card.Content, "**Anna** · open") {
		t.Errorf("card %+v", card)
	}
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("**Anna**: hi")
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	if card := r.State().Message(thread); !strings.HasPrefix(card.Content, "**Anna** · closed") {
		t.Errorf("closed card %q", card.Content)
	}
}

func TestMessage(t *testing.T) {
	r := newRig(t)
	r.open()
	receipt := r.must(posted(visitorSays("msg_1", "*hi* @everyone <@1> https://acme.example/a_b_c, \\_x_ `code` 1. [a](b)")))
	if receipt.Calls != 1 || len(receipt.Links) != 1 || receipt.Links[0].Thread != r.session.Thread {
		t.Errorf("receipt %+v", receipt)
	}
	r.wantSaid(`**Anna**: \*hi\* \@everyone \<\@1> <https://acme.example/a_b_c>, \\\_x\_ \` + "`code\\`" + ` 1. \[a\](b)`)
	said := r.Messages(r.session.Thread)[1]
	if len(r.State().Pinging()) > 0 || !said.Quiet() || said.Flags != flagNoPreviews || said.Nonce == "" {
		t.Errorf("sent %+v", said)
	}
	r.must(posted(operatorSays("msg_2", "hello @here")))
	note := operatorSays("msg_3", "he is a VIP")
	note.Note = true
	r.must(&plugin.Event{Type: plugin.NotePosted, Message: note})
	if got := r.said()[1:]; !slices.Equal(got, []string{`**Olga** (inbox): hello \@here`, `📝 Note · **Olga** (inbox): he is a VIP`}) {
		t.Errorf("said %q", got)
	}
}

// A notice that operators are to hear rings and mentions one of them, and nobody else.
func TestLoudNotice(t *testing.T) {
	r := newRig(t)
	r.open()
	olga, bob := r.Operator("Olga").ID(), r.Operator("Bob").ID()
	r.must(&plugin.Event{Type: plugin.Notice, Data: []byte(`{"loud":true,"mention":{"name":"Olga","ids":["U0OLGA","12345","` + olga + `"]},"text":"Nobody has answered @everyone <@` + bob + `>"}`)})
	r.must(&plugin.Event{Type: plugin.Notice, Data: []byte(`{"loud":true,"text":"Nobody has answered"}`)})
	r.wantSaid("<@"+olga+`> *Nobody has answered \@everyone \<\@`+bob+`>*`, "🔔 *Nobody has answered*")
	said := r.Messages(r.session.Thread)[1:]
	if !slices.Equal(said[0].Pings, []string{olga}) || len(said[1].Pings) > 0 || said[0].Flags&flagQuiet != 0 {
		t.Errorf("they call %q and %q", said[0].Pings, said[1].Pings)
	}
}

func TestReplyEditDelete(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", "first")
	r.must(posted(m))
	reply := operatorSays("msg_2", "second")
	reply.ReplyTo, reply.ReplyText = "msg_1", "first"
	r.must(posted(reply))
	if all := r.Messages(r.session.Thread); all[2].ReplyTo != all[1].ID || len(all[2].Pings) > 0 {
		t.Errorf("reply %+v", all[2])
	}
	r.must(editedTo(m, "@everyone changed"))
	if got := r.said()[0]; got != `**Anna**: \@everyone changed` || len(r.State().Pinging()) > 0 {
		t.Errorf("edited %q, pings %v", got, r.State().Pinging())
	}
	r.must(editedTo(m, strings.Repeat("x ", 1500)))
	if got := len(r.said()); got != 3 {
		t.Errorf("grown into %d messages", got)
	}
	r.must(editedTo(m, "small"))
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_2", Deleted: true, Sender: "operator"}})
	r.wantSaid("**Anna**: small")
	r.Operator("Olga").Delete(r.Messages(r.session.Thread)[1].ID)
	r.must(editedTo(m, "gone"))
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Deleted: true}})
	r.wantSaid()
}

func TestCloseAndReopen(t *testing.T) {
	r := newRig(t)
	r.config.OpenTag, r.config.ClosedTag = "open", "closed"
	r.bridge = r.newBridge()
	thread := r.open()
	if got := r.State().Thread(thread).Tags; !slices.Equal(got, []string{"open"}) {
		t.Errorf("tags %v", got)
	}
	m := visitorSays("msg_1", "hi")
	r.must(posted(m))
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	got := r.State().Thread(thread)
	if !got.Archived || !got.Locked || !slices.Equal(got.Tags, []string{"closed"}) || !strings.HasPrefix(r.State().Message(thread).Content, "**Anna** · closed") {
		t.Errorf("closed %+v", got)
	}
	r.must(editedTo(m, "edited afterwards")) // an archived thread lets nothing change
	r.must(&plugin.Event{Type: plugin.SessionRated, Data: json.RawMessage(`{"score":4}`)})
	r.wantSaid("**Anna**: edited afterwards", "*The visitor's rating: ★★★★☆*")
	if got := r.State().Thread(thread); !got.Archived || !got.Locked {
		t.Errorf("after an edit and a line %+v", got)
	}
	r.session.Info.Status = "active"
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	r.must(posted(visitorSays("msg_2", "back")))
	if got := r.State().Thread(thread); got.Archived || got.Locked || !slices.Equal(got.Tags, []string{"open"}) {
		t.Errorf("reopened %+v", got)
	}
}

func TestTyping(t *testing.T) {
	r := newRig(t)
	r.open()
	e := &plugin.Event{Type: plugin.EventTyping, Session: r.session.Info, Thread: r.session.Thread, Data: json.RawMessage(`{"on":true}`)}
	if err := r.bridge.Typing(context.Background(), e); err != nil || !r.Typing(r.session.Thread) {
		t.Errorf("typing is not shown: %v", err)
	}
	e.Data = json.RawMessage(`{"on":false}`)
	if err := r.bridge.Typing(context.Background(), e); err != nil || r.Count("POST", "/channels/{channel}/typing") != 1 {
		t.Errorf("calls %d, %v", r.Count("POST", "/channels/{channel}/typing"), err)
	}
}
