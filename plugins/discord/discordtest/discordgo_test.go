package discordtest_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

// rewrite sends the library's calls to the simulator.
type rewrite struct{ to string }

func (w rewrite) RoundTrip(r *http.Request) (*http.Response, error) {
	u, err := url.Parse(w.to)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = u.Scheme, u.Host, u.Host
	return http.DefaultTransport.RoundTrip(r)
}

// bot is a session of the real library, with the events that it got.
type bot struct {
	*discordgo.Session
	mu     sync.Mutex
	events []*discordgo.Event
	more   chan struct{}
}

func library(t *testing.T, s *discordtest.Server) *bot {
	t.Helper()
	session, err := discordgo.New("Bot " + s.Token)
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{Session: session, more: make(chan struct{}, 1000)}
	b.Client = &http.Client{Transport: rewrite{s.URL}, Timeout: 10 * time.Second}
	b.SyncEvents, b.StateEnabled, b.ShouldReconnectOnError, b.MaxRestRetries = true, false, false, 0
	b.Identify.Intents = intents
	b.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		if e.Operation == 0 {
			b.mu.Lock()
			b.events = append(b.events, e)
			b.mu.Unlock()
			b.more <- struct{}{}
		}
	})
	return b
}

func (b *bot) open(t *testing.T) {
	t.Helper()
	if err := b.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
}

// await returns when the last n events are of these types.
func (b *bot) await(t *testing.T, types string) []*discordgo.Event {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		b.mu.Lock()
		var got []string
		for _, e := range b.events {
			got = append(got, e.Type)
		}
		events := b.events
		b.mu.Unlock()
		if all := strings.Join(got, " "); strings.HasSuffix(all, types) {
			return events[len(events)-len(strings.Fields(types)):]
		}
		select {
		case <-b.more:
		case <-deadline:
			t.Fatalf("events %q do not end in %q", got, types)
		}
	}
}

// sent is a message with the members that the library has no place for.
type sent struct {
	*discordgo.MessageSend
	Nonce   string `json:"nonce"`
	Enforce bool   `json:"enforce_nonce"`
}

func TestLibrary(t *testing.T) {
	t.Parallel() // to end a session takes the library a second
	s := start(t)
	b := library(t, s)
	b.open(t)
	b.await(t, "READY GUILD_CREATE")
	quiet := &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}
	forum, err := b.Channel(s.ForumID)
	if err != nil || forum.Type != discordgo.ChannelTypeGuildForum || len(forum.AvailableTags) != 2 {
		t.Fatalf("forum %+v %v", forum, err)
	}
	post, err := b.ForumThreadStartComplex(s.ForumID, &discordgo.ThreadStart{Name: "Anna", AutoArchiveDuration: 10080, AppliedTags: []string{forum.AvailableTags[0].ID}},
		&discordgo.MessageSend{Content: "New visitor", AllowedMentions: quiet, Flags: discordgo.MessageFlagsSuppressEmbeds})
	if err != nil || post.ParentID != s.ForumID || post.ThreadMetadata == nil {
		t.Fatalf("post %+v %v", post, err)
	}
	b.await(t, "THREAD_CREATE MESSAGE_CREATE")
	endpoint := discordgo.EndpointChannelMessages(post.ID)
	body := sent{&discordgo.MessageSend{Content: "hello", AllowedMentions: quiet}, "n-1", true}
	first, err := b.RequestWithBucketID("POST", endpoint, body, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.RequestWithBucketID("POST", endpoint, body, endpoint)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("a repeat gives %s %v", again, err)
	}
	contentType, raw, err := discordgo.MultipartBodyWithJSON(body.MessageSend, []*discordgo.File{{Name: "a.txt", ContentType: "text/plain", Reader: strings.NewReader("file")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.RequestRaw("POST", endpoint, contentType, raw, endpoint, 0); err != nil {
		t.Error(err)
	}
	last := s.Messages(post.ID)
	if len(last) != 3 || string(last[2].Files[0].Data) != "file" || last[1].Nonce != "n-1" || len(s.State().Pinging()) != 0 {
		t.Fatalf("messages %+v", last)
	}
	if _, err := b.ChannelMessageEditComplex(&discordgo.MessageEdit{Channel: post.ID, ID: last[1].ID, Content: new(string), Embeds: &[]*discordgo.MessageEmbed{{Description: "x"}}, AllowedMentions: quiet}); err != nil {
		t.Error(err)
	}
	if err := b.MessageReactionAdd(post.ID, last[1].ID, "👀"); err != nil {
		t.Error(err)
	}
	if err := b.MessageReactionRemove(post.ID, last[1].ID, "👀", "@me"); err != nil {
		t.Error(err)
	}
	if err := b.ChannelTyping(post.ID); err != nil || !s.Typing(post.ID) {
		t.Error(err)
	}
	if err := b.ChannelMessageDelete(post.ID, last[1].ID); err != nil {
		t.Error(err)
	}
	b.await(t, "MESSAGE_UPDATE MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE TYPING_START MESSAGE_DELETE")
	if list, err := b.ChannelMessages(post.ID, 100, "", post.ID, ""); err != nil || len(list) != 1 || list[0].Attachments[0].Filename != "a.txt" {
		t.Errorf("history %v %v", list, err)
	}
	if list, err := b.GuildThreadsActive(s.GuildID); err != nil || len(list.Threads) != 1 {
		t.Errorf("active %v %v", list, err)
	}
	yes := true
	if c, err := b.ChannelEdit(post.ID, &discordgo.ChannelEdit{Archived: &yes, Locked: &yes}); err != nil || !c.ThreadMetadata.Locked {
		t.Errorf("closed %+v %v", c, err)
	}
	if list, err := b.ThreadsArchived(s.ForumID, nil, 10); err != nil || len(list.Threads) != 1 {
		t.Errorf("archived %v %v", list, err)
	}
	if _, err := b.ChannelDelete(post.ID); err != nil {
		t.Error(err)
	}
	b.await(t, "THREAD_UPDATE THREAD_DELETE")
	var refused *discordgo.RESTError
	if _, err := b.ChannelMessageSend(post.ID, "x"); !errors.As(err, &refused) || refused.Message.Code != discordgo.ErrCodeUnknownChannel {
		t.Errorf("a deleted thread gives %v", err)
	}
	if p, err := b.UserChannelPermissions(s.BotID, s.ForumID); err != nil || p&discordgo.PermissionManageThreads == 0 {
		t.Errorf("permissions %d %v", p, err)
	}
}

func TestLibraryResumes(t *testing.T) {
	t.Parallel() // to end a session takes the library a second
	// With a short interval the library's old heartbeat may meet the broken socket
	// first, and then closes whatever connection there is.
	s := start(t)
	b := library(t, s)
	gone := make(chan struct{}, 10)
	b.AddHandler(func(_ *discordgo.Session, _ *discordgo.Disconnect) { gone <- struct{}{} })
	b.open(t)
	b.await(t, "READY GUILD_CREATE")
	s.WaitFor(t, func(state discordtest.State) bool { return state.Gateway.Heartbeats > 0 })
	s.DropGateway()
	<-gone
	id := s.Operator("Olga").Post(s.ForumID, "Anna", "missed")
	if err := b.Open(); err != nil {
		t.Fatal(err)
	}
	if e := b.await(t, "THREAD_CREATE MESSAGE_CREATE RESUMED"); !strings.Contains(string(e[1].RawData), "missed") {
		t.Errorf("resumed with %s", e[1].RawData)
	}
	s.InvalidateSession(false)
	b.await(t, "READY GUILD_CREATE")
	s.Operator("Olga").Message(id, "live")
	b.await(t, "MESSAGE_CREATE")
	if c := s.State().Gateway; c.Identifies != 2 || c.Resumes != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestLibraryIsRefused(t *testing.T) {
	s := start(t, discordtest.WithoutMessageContent())
	if err := library(t, s).Open(); err == nil || !strings.Contains(err.Error(), "close 4014") {
		t.Errorf("without the intent: %v", err)
	}
	s.RevokeToken()
	if err := library(t, s).Open(); err == nil || !strings.Contains(err.Error(), "close 4004") {
		t.Errorf("with a revoked token: %v", err)
	}
}

func TestLibraryKeepsLimits(t *testing.T) {
	t.Parallel() // to end a session takes the library a second
	s := discordtest.NewServer(discordtest.WithLimits(discordtest.Real().Faster(20)))
	t.Cleanup(s.Close)
	b := library(t, s)
	id := s.Operator("Olga").Post(s.ForumID, "Anna", "hello")
	for range 12 {
		if _, err := b.ChannelMessageSend(id, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Messages(id)); n != 13 {
		t.Errorf("%d messages", n)
	}
	for _, r := range s.Requests("POST", "") {
		if r.Status == 429 && r.RetryAfter > 250*time.Millisecond {
			t.Errorf("asked to wait %v", r.RetryAfter)
		}
	}
}
