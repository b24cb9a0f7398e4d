package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	callTimeout = 30 * time.Second
	fileTimeout = 5 * time.Minute
)

// api makes the calls to Discord. Its errors are what the core understands: see
// failure.
type api struct {
	session *discordgo.Session
	token   string
	buckets kit.Buckets
	clock   kit.Clock
	plain   *http.Client // without the token, for files
}

func newAPI(c Config) (*api, error) {
	base, err := url.Parse(c.APIURL)
	if err != nil {
		return nil, err
	}
	wire := kit.Wire(callTimeout)
	a := &api{token: c.Token, plain: &http.Client{Transport: wire}}
	a.session, err = newSession(c.Token)
	if err != nil {
		return nil, err
	}
	a.session.Client = &http.Client{Transport: &transport{wire: wire, base: base, buckets: &a.buckets, clock: &a.clock}}
	return a, nil
}

// newSession is the library's, with everything off that it does on its own.
func newSession(token string) (*discordgo.Session, error) {
	s, err := discordgo.New("Bot " + token)
	if err != nil {
		return nil, err
	}
	s.StateEnabled = false
	s.SyncEvents = true // or their order is lost
	s.ShouldReconnectOnError = false
	s.ShouldReconnectVoiceOnSessionError = false
	s.ShouldRetryOnRateLimit = false // it would sleep through the end of a context
	s.MaxRestRetries = 0             // it would send the same message three times at once
	s.LogLevel = discordgo.LogInformational
	return s, nil
}

// request is one call.
type request struct {
	method string
	url    string // as the library's Endpoint… give it
	body   any
	files  []*discordgo.File
	scope  string // the quota it belongs to
	bucket string // empty: by method and address
}

// call makes one, unless Discord has asked not to, and reads its answer.
func (a *api) call(ctx context.Context, r request, answer any) error {
	if r.bucket == "" {
		r.bucket = bucketOf(r.method, pathOf(r.url))
	}
	if err := a.buckets.Ask(globalScope, globalBucket); err != nil {
		return err
	}
	if err := a.buckets.Ask(r.scope, r.bucket); err != nil {
		return err
	}
	timeout := callTimeout
	if len(r.files) > 0 {
		timeout = fileTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, bucketKey{}, r.bucket), timeout)
	defer cancel()
	body, err := a.do(ctx, r)
	if err != nil {
		return failure(r.scope, err)
	}
	if answer == nil {
		return nil
	}
	return read(body, answer)
}

func (a *api) do(ctx context.Context, r request) ([]byte, error) {
	// The library keeps a bucket for each address for ever, and lets one call at a
	// time into it. Ours know better: each call gets a new one.
	bucket := &discordgo.Bucket{}
	bucket.Lock()
	contentType, body, err := encode(r)
	if err != nil {
		return nil, err
	}
	return a.session.RequestWithLockedBucket(r.method, r.url, contentType, body, bucket, 0, discordgo.WithContext(ctx))
}

func encode(r request) (contentType string, body []byte, err error) {
	switch {
	case len(r.files) > 0:
		return discordgo.MultipartBodyWithJSON(r.body, r.files)
	case r.body != nil:
		body, err = json.Marshal(r.body)
		return "application/json", body, err
	case r.method == http.MethodPost || r.method == http.MethodPut:
		return "application/json", []byte("{}"), nil
	}
	return "", nil, nil
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Path
}

// mentions are who may be called: nobody but those users.
type mentions struct {
	Parse       []string `json:"parse"`
	Users       []string `json:"users,omitempty"`
	RepliedUser bool     `json:"replied_user"`
}

func nobody() *mentions { return &mentions{Parse: []string{}} }

// Flags of messages.
const (
	flagNoPreviews = 1 << 2
	flagQuiet      = 1 << 12
)

// outgoing is the body of a send. The library's has no nonce.
type outgoing struct {
	Content   string     `json:"content,omitempty"`
	Nonce     string     `json:"nonce,omitempty"`
	Enforce   bool       `json:"enforce_nonce,omitempty"`
	Mentions  *mentions  `json:"allowed_mentions"`
	Flags     int        `json:"flags"`
	Reference *reference `json:"message_reference,omitempty"`
}

type reference struct {
	MessageID string `json:"message_id"`
	Must      bool   `json:"fail_if_not_exists"`
}

func (a *api) send(ctx context.Context, channel string, m outgoing, files ...*discordgo.File) (message, error) {
	var sent message
	err := a.call(ctx, request{method: http.MethodPost, url: discordgo.EndpointChannelMessages(channel), body: m, files: files, scope: plugin.ScopeThread}, &sent)
	return sent, err
}

func (a *api) edit(ctx context.Context, channel, id, content string) (message, error) {
	var edited message
	body := map[string]any{"content": content, "allowed_mentions": nobody(), "flags": flagNoPreviews}
	err := a.call(ctx, request{method: http.MethodPatch, url: discordgo.EndpointChannelMessage(channel, id), body: body, scope: plugin.ScopeThread}, &edited)
	return edited, err
}

// remove deletes a message; that it is gone already is a success.
func (a *api) remove(ctx context.Context, channel, id string) error {
	err := a.call(ctx, request{method: http.MethodDelete, url: discordgo.EndpointChannelMessage(channel, id), scope: plugin.ScopeThread}, nil)
	if saying(err, codeUnknownMessage) {
		return nil
	}
	return err
}

func (a *api) react(ctx context.Context, channel, id, emoji string) error {
	return a.call(ctx, request{method: http.MethodPut, url: discordgo.EndpointMessageReaction(channel, id, url.PathEscape(emoji), "@me"), scope: plugin.ScopeThread}, nil)
}

func (a *api) typing(ctx context.Context, channel string) error {
	return a.call(ctx, request{method: http.MethodPost, url: discordgo.EndpointChannelTyping(channel), scope: plugin.ScopeThread}, nil)
}

// newThread is the body that makes a thread: with a first message in a forum, from
// a message elsewhere.
type newThread struct {
	Name    string    `json:"name"`
	Archive int       `json:"auto_archive_duration"` // minutes
	Tags    []string  `json:"applied_tags,omitempty"`
	Message *outgoing `json:"message,omitempty"`
}

// aWeek is the longest that Discord leaves a silent thread among the active ones.
const aWeek = 7 * 24 * 60

func (a *api) createPost(ctx context.Context, forum string, t newThread) (channel, error) {
	var made channel
	err := a.call(ctx, request{method: http.MethodPost, url: discordgo.EndpointChannelThreads(forum), body: t, scope: openScope}, &made)
	return made, err
}

func (a *api) createThread(ctx context.Context, in, from string, t newThread) error {
	return a.call(ctx, request{method: http.MethodPost, url: discordgo.EndpointChannelMessageThread(in, from), body: t, scope: openScope}, nil)
}

// change is the body that changes a thread; what is nil stays.
type change struct {
	Archived *bool     `json:"archived,omitempty"`
	Locked   *bool     `json:"locked,omitempty"`
	Name     string    `json:"name,omitempty"`
	Tags     *[]string `json:"applied_tags,omitempty"`
}

func (a *api) patchThread(ctx context.Context, thread string, c change) (channel, error) {
	r := request{method: http.MethodPatch, url: discordgo.EndpointChannel(thread), body: c, scope: plugin.ScopeThread}
	if c.Name != "" {
		r.bucket = "rename " + thread // Discord counts it by itself
	}
	var now channel
	err := a.call(ctx, r, &now)
	return now, err
}

func (a *api) channel(ctx context.Context, id string) (channel, error) {
	var found channel
	err := a.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointChannel(id), scope: plugin.ScopeThread}, &found)
	return found, err
}

// deleteThread deletes a thread, or a post of a forum, with all that stands in it.
func (a *api) deleteThread(ctx context.Context, id string) error {
	return a.call(ctx, request{method: http.MethodDelete, url: discordgo.EndpointChannel(id), scope: plugin.ScopeThread}, nil)
}

func (a *api) message(ctx context.Context, channel, id string) (message, error) {
	var found message
	err := a.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointChannelMessage(channel, id), scope: plugin.ScopeThread}, &found)
	return found, err
}

// pageSize is the most that Discord gives out at once.
const pageSize = 100

// messages are up to pageSize of the channel's, the newest first; the query says
// which: "before" or "after" an id.
func (a *api) messages(ctx context.Context, channel string, query url.Values) ([]message, error) {
	var found []message
	address := discordgo.EndpointChannelMessages(channel) + "?" + query.Encode()
	err := a.call(ctx, request{method: http.MethodGet, url: address, scope: plugin.ScopeThread}, &found)
	return found, err
}

// activeThreads are all of the guild's.
func (a *api) activeThreads(ctx context.Context, guild string) ([]channel, error) {
	var found struct{ Threads []channel }
	err := a.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointGuildActiveThreads(guild), scope: globalScope}, &found)
	return found.Threads, err
}

// archivedThreads are a page of the channel's, the latest archived first, from a
// moment back.
func (a *api) archivedThreads(ctx context.Context, in string, before time.Time) (threads []channel, more bool, err error) {
	query := url.Values{"limit": {"100"}}
	if !before.IsZero() {
		query.Set("before", before.UTC().Format(time.RFC3339Nano))
	}
	var found struct {
		Threads []channel
		HasMore bool `json:"has_more"`
	}
	err = a.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointChannelPublicArchivedThreads(in) + "?" + query.Encode(), scope: globalScope}, &found)
	return found.Threads, found.HasMore, err
}

func (a *api) me(ctx context.Context) (user, error) {
	var me user
	err := a.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointUser("@me"), scope: globalScope}, &me)
	return me, err
}
