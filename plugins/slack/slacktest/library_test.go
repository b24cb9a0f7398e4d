package slacktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func library(s *slacktest.Server) *slack.Client {
	return slack.New(s.BotToken, slack.OptionAppLevelToken(s.AppToken), slack.OptionAPIURL(s.URL),
		slack.OptionHTTPClient(&http.Client{Timeout: 10 * time.Second}))
}

func TestLibraryCalls(t *testing.T) {
	s := start(t, slacktest.WithShareDelay(0))
	api, ctx := library(s), t.Context()
	me, err := api.AuthTestContext(ctx)
	if err != nil || me.UserID != s.BotUser || me.BotID != s.BotID {
		t.Fatalf("auth.test %+v %v", me, err)
	}
	careful := slack.MsgOptionCompose(slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionParse(false))
	_, parent, err := api.PostMessageContext(ctx, s.ChannelID, slack.MsgOptionText("a <b>", true), careful,
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "m", EventPayload: map[string]any{"id": "m1"}}))
	if err != nil {
		t.Fatal(err)
	}
	_, replyTS, sent, err := api.PostMessageWithResponseContext(ctx, s.ChannelID, slack.MsgOptionText("reply", true), careful, slack.MsgOptionTS(parent),
		slack.MsgOptionUsername("Anna"), slack.MsgOptionIconURL("https://a.example/i.png"))
	if err != nil || sent.ThreadTimestamp != parent || sent.SubType != "bot_message" {
		t.Fatalf("%+v %v", sent, err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, s.ChannelID, replyTS, slack.MsgOptionText("edited", true), slack.MsgOptionParse(false)); err != nil {
		t.Error(err)
	}
	messages, more, _, err := api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: s.ChannelID, Timestamp: parent, IncludeAllMetadata: true})
	if err != nil || more || len(messages) != 2 || messages[0].Metadata.EventPayload["id"] != "m1" || messages[1].Text != "edited" || messages[1].Edited == nil {
		t.Errorf("replies %+v %v", messages, err)
	}
	item := slack.NewRefToMessage(s.ChannelID, parent)
	if err := api.AddReactionContext(ctx, "eyes", item); err != nil {
		t.Error(err)
	}
	var refused slack.SlackErrorResponse
	if err := api.AddReactionContext(ctx, "eyes", item); !errors.As(err, &refused) || refused.Err != "already_reacted" {
		t.Errorf("reacted twice: %v", err)
	}
	olga := s.Operator("Olga")
	if u, err := api.GetUserInfoContext(ctx, olga.ID()); err != nil || u.RealName != "Olga" || u.Profile.DisplayName != "olga" || u.Profile.Image72 == "" {
		t.Errorf("user %+v %v", u, err)
	}
	if ch, err := api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: s.ChannelID}); err != nil || !ch.IsMember || ch.Name != "chats" {
		t.Errorf("channel %+v %v", ch, err)
	}
	file, err := api.UploadFileContext(ctx, slack.UploadFileParameters{Reader: strings.NewReader("hello"), Filename: "a.txt", FileSize: 5, Channel: s.ChannelID, ThreadTimestamp: parent})
	if err != nil {
		t.Fatal(err) // it ends its form twice
	}
	s.WaitFor(t, func(s slacktest.State) bool { return len(s.In(parent)) == 2 })
	info, _, _, err := api.GetFileInfoContext(ctx, file.ID, 0, 0)
	if err != nil || info.Shares.Public[s.ChannelID][0].ThreadTs != parent {
		t.Fatalf("file %+v %v", info, err)
	}
	var body bytes.Buffer
	if err := api.GetFileContext(ctx, info.URLPrivateDownload, &body); err != nil || body.String() != "hello" {
		t.Errorf("downloaded %q %v", &body, err)
	}
	if _, _, err := api.DeleteMessageContext(ctx, s.ChannelID, replyTS); err != nil {
		t.Error(err)
	}
	s.Inject(slacktest.Fault{Method: "chat.postMessage", RetryAfter: 7})
	var limited *slack.RateLimitedError
	if _, _, err := api.PostMessageContext(ctx, s.ChannelID, slack.MsgOptionText("x", true), careful); !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("limited: %v", err)
	}
	if v := s.State().Violations; len(v) != 0 {
		t.Errorf("violations %v", v)
	}
}

// run starts the library's Socket Mode.
func run(t *testing.T, s *slacktest.Server) (*socketmode.Client, func(socketmode.EventType) socketmode.Event) {
	t.Helper()
	client := socketmode.New(library(s))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return client, func(want socketmode.EventType) socketmode.Event {
		t.Helper()
		deadline := time.After(10 * time.Second)
		for {
			select {
			case e := <-client.Events:
				if e.Type == want {
					return e
				}
			case <-deadline:
				t.Fatalf("no %s", want)
			}
		}
	}
}

func TestLibrarySocket(t *testing.T) {
	s := start(t)
	client, next := run(t, s)
	next(socketmode.EventTypeHello)
	olga := s.Operator("Olga")
	message := func() *slackevents.MessageEvent {
		t.Helper()
		e := next(socketmode.EventTypeEventsAPI)
		client.Ack(*e.Request)
		m, ok := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if !ok {
			t.Fatalf("no message: %+v", e.Data)
		}
		return m
	}
	ts := olga.Message("", "hi *you* https://a.example :wave: <b>")
	if m := message(); m.TimeStamp != ts || m.User != olga.ID() || m.ClientMsgID == "" {
		t.Errorf("message %+v", m)
	}
	olga.Edit(ts, "hello")
	if m := message(); m.SubType != "message_changed" || m.Message.Text != "hello" || m.PreviousMessage == nil {
		t.Errorf("edit %+v", m)
	}
	olga.File(ts, "a.png", "image/png", []byte("PNG"), "look")
	if m := message(); m.SubType != "file_share" || m.Message.Files[0].Name != "a.png" {
		t.Errorf("file %+v", m)
	}
	client.Ack(*next(socketmode.EventTypeEventsAPI).Request) // file_shared
	olga.Delete(ts)
	if m := message(); m.SubType != "message_changed" || m.Message.SubType != "tombstone" {
		t.Errorf("delete %+v", m)
	}
	acknowledged(t, s)

	card := post(t, s, "", "card", args{"blocks": `[{"type":"actions","elements":[{"type":"button","action_id":"close","value":"v","text":{"type":"plain_text","text":"Close"}}]}]`})
	message()
	olga.Click(card, "close")
	click := next(socketmode.EventTypeInteractive)
	if d := click.Data.(slack.InteractionCallback); d.Type != slack.InteractionTypeBlockActions || d.ActionCallback.BlockActions[0].ActionID != "close" || d.Container.MessageTs != card {
		t.Errorf("click %+v", d)
	}
	client.Ack(*click.Request)
	acknowledged(t, s)

	s.UnknownEvent()
	bad := next(socketmode.EventTypeErrorBadMessage).Data.(*socketmode.ErrorBadMessage)
	var frame struct {
		ID string `json:"envelope_id"`
	}
	if err := json.Unmarshal(bad.Message, &frame); err != nil || frame.ID == "" {
		t.Fatalf("no envelope in %s", bad.Message)
	}
	if err := client.AckCtx(t.Context(), frame.ID, nil); err != nil {
		t.Error(err)
	}
	acknowledged(t, s)
}

func TestLibraryReconnects(t *testing.T) {
	s := start(t)
	client, next := run(t, s)
	next(socketmode.EventTypeHello)
	s.Disconnect("refresh_requested")
	next(socketmode.EventTypeHello)
	s.CutSockets()
	next(socketmode.EventTypeHello)
	ts := s.Operator("Olga").Message("", "still here")
	e := next(socketmode.EventTypeEventsAPI)
	if m := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent); m.TimeStamp != ts {
		t.Errorf("message %+v", m)
	}
	client.Ack(*e.Request)
	acknowledged(t, s)
}

func TestLibraryEndsWithoutAccount(t *testing.T) {
	s := start(t)
	s.Uninstall()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client := socketmode.New(library(s))
	go func() {
		for range client.Events {
		}
	}()
	if err := client.RunContext(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("it ended with %v", err)
	}
}
