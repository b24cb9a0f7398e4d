package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/slack-go/slack"
)

const (
	callTimeout = 30 * time.Second
	fileTimeout = 10 * time.Minute

	connectMethod = "apps.connections.open"
)

// api makes the calls to Slack, all for the one channel. Its errors are what the
// core understands: see failure.
type api struct {
	slack   *slack.Client
	net     *transport
	token   string
	base    string
	channel string
	plain   *http.Client // without a limit of time, for files
	echo    kit.Echo

	mu   sync.Mutex
	self *slack.AuthTestResponse // who the bot is, once Slack told us
}

func newAPI(c Config) *api {
	wire := kit.Wire(callTimeout)
	t := &transport{client: &http.Client{Transport: wire}}
	base := c.APIURL + "/"
	return &api{
		slack: slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(base), slack.OptionHTTPClient(t)),
		net:   t, token: c.BotToken, base: base, channel: c.ChannelID, plain: &http.Client{Transport: wire},
	}
}

// who is the bot. Until that is known, nothing tells its own posts from others'.
func (a *api) who(ctx context.Context) (*slack.AuthTestResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.self != nil {
		return a.self, nil
	}
	self, err := a.slack.AuthTestContext(ctx)
	if err != nil {
		return nil, failure(err)
	}
	a.self = self
	a.echo.Know(self.UserID, self.BotID)
	return self, nil
}

// ask makes a call that the library cannot make, or whose answer it would refuse
// whole for one message that it does not understand.
func (a *api) ask(ctx context.Context, method string, params url.Values, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+method, strings.NewReader(params.Encode()))
	if err != nil {
		return unreached(method, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+a.token)
	_, body, err := a.net.answer(r)
	if err != nil {
		return failure(err)
	}
	err = json.Unmarshal(body, answer)
	if odd := (*json.UnmarshalTypeError)(nil); errors.As(err, &odd) {
		return nil // the rest of it was read
	}
	return err
}

// The metadata of what the bridge posts, by which it is found again.
const (
	metadataType = "livechat_msg"
	metadataKey  = "id"
)

func metadata(key string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{metadataKey: key, "part": 0},
	})
}

// post puts a message into the channel, or into the thread of parent. Where that
// is gone Slack puts it into the channel without a word: it is taken back.
func (a *api) post(ctx context.Context, parent string, options ...slack.MsgOption) (ts string, err error) {
	options = append(options, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if parent != "" {
		options = append(options, slack.MsgOptionTS(parent))
	}
	_, ts, m, err := a.slack.PostMessageWithResponseContext(ctx, a.channel, options...)
	if err != nil {
		return "", failure(err)
	}
	if m.ThreadTimestamp == parent || parent == "" {
		return ts, nil
	}
	kit.CountCall(ctx)
	if err := a.remove(context.WithoutCancel(ctx), ts); err != nil {
		return "", err // the next try looks for it
	}
	return "", plugin.ThreadGone(errThreadDeleted)
}

// update makes a message show something else. It keeps its metadata.
func (a *api) update(ctx context.Context, ts string, options ...slack.MsgOption) error {
	_, _, _, err := a.slack.UpdateMessageContext(ctx, a.channel, ts, options...)
	switch {
	case saying(err, "message_not_found"):
		return kit.ErrMessageGone
	case saying(err, "cant_update_message", "edit_window_closed", "is_inactive"):
		return plugin.Permanent(errCannotEdit)
	}
	return failure(err)
}

// remove deletes a message; that it is gone already is a success.
func (a *api) remove(ctx context.Context, ts string) error {
	_, _, err := a.slack.DeleteMessageContext(ctx, a.channel, ts)
	switch {
	case err == nil || saying(err, "message_not_found"):
		return nil
	case saying(err, "cant_delete_message", "compliance_exports_prevent_deletion"):
		return plugin.Permanent(errCannotDelete)
	}
	return failure(err)
}

func (a *api) react(ctx context.Context, ts, emoji string) error {
	err := a.slack.AddReactionContext(ctx, emoji, slack.NewRefToMessage(a.channel, ts))
	if saying(err, "already_reacted", "too_many_emoji", "too_many_reactions", "not_reactable", "message_not_found") {
		return nil
	}
	return failure(err)
}

// connect gives the address of a new connection; whoever has it may use it, once.
func (a *api) connect(ctx context.Context) (address string, err error) {
	_, address, err = a.slack.StartSocketModeContext(ctx)
	return address, failure(err)
}

// standing says whether the bot can work in the channel. A public one it joins, if
// it may.
func (a *api) standing(ctx context.Context, join bool) error {
	found, err := a.slack.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: a.channel})
	switch {
	case err != nil:
		return failure(err)
	case found.IsArchived:
		return failure(&apiError{Method: "conversations.info", Code: "is_archived"})
	case found.IsMember:
		return nil
	case join && !found.IsPrivate:
		return a.join(ctx)
	}
	return failure(&apiError{Method: "conversations.info", Code: "not_in_channel"})
}

func (a *api) join(ctx context.Context) error {
	_, _, _, err := a.slack.JoinConversationContext(ctx, a.channel)
	if saying(err, "method_not_supported_for_channel_type", "missing_scope") {
		err = &apiError{Method: "conversations.join", Code: "not_in_channel"}
	}
	return failure(err)
}
