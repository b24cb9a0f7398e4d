package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

const (
	hookVisitors = 6
	hookMessages = 10
	hookBlocks   = 6
)

// hooked is a server with hooks, and what they call.
type hooked struct {
	*world
	receiver  *receiver
	analytics *analytics
	private   *forbidden
}

func newHooked(t *testing.T, database string) *hooked {
	t.Helper()
	h := &hooked{world: &world{t: t}, private: newForbidden(t), analytics: newAnalytics(t)}
	h.receiver = newReceiverOfHooks(t, h.private.url)
	h.launch(h.config(database), hookSecrets...)
	return h
}

var hookSecrets = []string{secretKey, hookSecret, hookOldSecret, "receiver-key-e2e", "phc_e2e0000"}

func (h *hooked) config(database string) string {
	secrets := fmt.Sprintf("secret = %q\n    old_secret = %q", hookSecret, hookOldSecret)
	blocks := ""
	for name, host := range map[string]string{"address": "127.0.0.1", "name": "localhost", "mapped": "[::ffff:127.0.0.1]", "number": "2130706433"} {
		blocks += fmt.Sprintf("  hook \"webhook\" %q {\n    url = \"http://%s:%s/inner\"\n    %s\n  }\n", name, host, h.private.port, secrets)
	}
	return fmt.Sprintf(`
server   { listen = "{{listen}}" }
database { url = %q }
plugins  { dir = "{{plugins}}" }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
}
project "acme" {
  origins    = ["http://{{listen}}"]
  public_key = %q
  secret_key = %q
  hook "webhook" {
    url           = %q
    %s
    allow_private = true
    timeout       = 1
  }
  hook "webhook" "chosen" {
    events        = ["session.rated", "note.*"]
    url           = %q
    %s
    allow_private = true
    timeout       = 1
  }
%s
  hook "posthog" {
    api_key       = "phc_e2e0000"
    host          = %q
    consent       = "analytics"
    allow_private = true
  }
}
bridge "inbox" {}
`, database, publicKey, secretKey, h.receiver.url, secrets, h.receiver.url+"&chosen=1", secrets, blocks, h.analytics.url)
}

// guestOf is a visitor who has been welcomed; every second one agrees to be told of.
func (h *hooked) guestOf(i int) *pagePlace {
	p := &pagePlace{h.world, h.visitor(h.t.Context())}
	if err := p.v.Wait(h.t.Context(), func(s visitor.State) bool { return s.Token != "" }); err != nil {
		h.t.Fatal(err)
	}
	if i%2 == 0 {
		p.frame(map[string]any{"type": "identify", "traits": map[string]string{"name": fmt.Sprint("Guest ", i), "analytics": "yes"}})
	}
	return p
}

func hookText(guest, message int) string { return fmt.Sprintf("secret plan %d-%d", guest, message) }

// talk is the visitor's side of a session, and a bit of the others'.
func (h *hooked) talk(p *pagePlace, i int, messages []int) {
	for _, n := range messages {
		<-p.v.Post(h.t.Context(), hookText(i, n)).Acked
	}
	p.frame(map[string]any{"type": "track", "name": "clicked_pricing", "data": map[string]any{"plan": "pro"}})
}

// A receiver that answers 500, then times out, then redirects to a private address,
// then recovers, while the server and the plugin are killed with -9: it learns of
// every event once by its id and in order in its session, and nobody connects to a
// private address that is not meant to.
func TestHooksAreToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		h := newHooked(t, url)
		var guests []*pagePlace
		for i := range hookVisitors {
			guests = append(guests, h.guestOf(i))
			h.talk(guests[i], i, []int{0, 1, 2})
		}
		h.eventually("the receiver to time out for somebody", func() bool { return h.askedBy(guests, 2) })
		h.killWebhooks()
		h.eventually("somebody's events to get through", func() bool { return h.askedBy(guests, 5) })
		if err := h.core.Kill(); err != nil {
			t.Fatal(err)
		}
		h.start()
		for i, p := range guests {
			h.talk(p, i, []int{3, 4, 5, 6, 7, 8, 9})
			p.frame(map[string]any{"type": "rate", "score": 5, "comment": "secret plan worked"})
			p.close()
		}
		for i, p := range guests {
			h.learned(p, i)
		}
		h.eventually("the hook that is told of ratings to have them", func() bool { return len(h.chosen()) >= len(guests) })
		h.told()
		if n := h.private.conns.Load(); n > 0 {
			t.Errorf("%d connections to a private address", n)
		}
		h.logs()
	})
}

// killWebhooks ends every process of the plugin: each block has its own.
func (h *hooked) killWebhooks() {
	h.t.Helper()
	killed := 0
	for range hookBlocks {
		if h.core.KillPlugin("webhook") {
			killed++
		}
	}
	if killed < hookBlocks-1 { // one that was killed may be back before the next is looked for
		h.t.Errorf("%d of %d webhooks were killed", killed, hookBlocks)
	}
}

func (h *hooked) askedBy(guests []*pagePlace, times int) bool {
	h.receiver.mu.Lock()
	defer h.receiver.mu.Unlock()
	return slices.ContainsFunc(guests, func(p *pagePlace) bool { return h.receiver.asked[p.v.State().SessionID] >= times })
}

// learned waits until the receivers know of the guest's whole session.
func (h *hooked) learned(p *pagePlace, i int) {
	h.t.Helper()
	session := p.v.State().SessionID
	var stored struct {
		Seq       int64
		VisitorID string
	}
	h.call(http.MethodGet, h.core.URL+"/v1/sessions/"+session, http.Header{"Authorization": {"Bearer " + secretKey}}, nil, &stored)
	h.eventually("the receiver to have every event", func() bool { return int64(len(h.receiver.of(session))) >= stored.Seq })
	var texts []string
	for n, e := range h.receiver.of(session) {
		if e.Seq != int64(n+1) {
			h.t.Errorf("event %d of %s has seq %d", n, session, e.Seq)
		}
		if e.Project.Slug != "acme" || e.Session.ID != session || e.Visitor.ID != stored.VisitorID || e.Session.VisitorID != stored.VisitorID {
			h.t.Errorf("the event %+v is of somebody else", e)
		}
		if e.Type == "message.posted" {
			texts = append(texts, e.Message.Text)
		}
	}
	if want := hookTexts(i); !slices.Equal(texts, want) {
		h.t.Errorf("the receiver read %q, want %q", texts, want)
	}
	want := hookCaptures
	if i%2 != 0 {
		want = nil
	}
	h.eventually("PostHog to know what it may", func() bool { return len(h.analytics.of(stored.VisitorID)) >= len(want) })
	if got := h.analytics.of(stored.VisitorID); !slices.Equal(got, want) {
		h.t.Errorf("PostHog was told %q, want %q", got, want)
	}
}

func hookTexts(guest int) (texts []string) {
	for n := range hookMessages {
		texts = append(texts, hookText(guest, n))
	}
	return texts
}

var hookCaptures = []string{
	"chat opened", "chat message", "chat message", "chat message", "clicked_pricing",
	"chat message", "chat message", "chat message", "chat message", "chat message", "chat message", "chat message", "clicked_pricing",
	"chat rated", "chat closed",
}

// chosen are what the hook with a list of events was told of.
func (h *hooked) chosen() []hookEvent {
	h.receiver.mu.Lock()
	defer h.receiver.mu.Unlock()
	return slices.Clone(h.receiver.chosen)
}

// told looks at what must not have been told.
func (h *hooked) told() {
	h.t.Helper()
	for _, e := range h.chosen() {
		if e.Type != "session.rated" {
			h.t.Errorf("the hook that is told of ratings has %+v", e)
		}
	}
	h.analytics.mu.Lock()
	defer h.analytics.mu.Unlock()
	if strings.Contains(h.analytics.raw.String(), "secret plan") {
		h.t.Error("PostHog was told what was written")
	}
	h.receiver.mu.Lock()
	defer h.receiver.mu.Unlock()
	if len(h.receiver.faults) > 0 {
		h.t.Errorf("%d requests do not verify, such as %s", len(h.receiver.faults), h.receiver.faults[0])
	}
	if h.receiver.repeats == 0 {
		h.t.Error("nothing came twice: the test proves nothing")
	}
	h.t.Logf("%d events arrived, %d of them again after they had been taken, and each was taken once and in order", len(h.receiver.taken), h.receiver.repeats)
}

// logs reads what operators see of the attempts.
func (h *hooked) logs() {
	h.t.Helper()
	if err := h.core.Get(h.t.Context(), "/plugins/acme.webhook/log", nil); err == nil || !strings.HasPrefix(err.Error(), "401") {
		h.t.Errorf("whoever asks for the log gets %v", err)
	}
	header := http.Header{"Cookie": {h.signIn()}}
	refused := h.log(header, "address")
	if len(refused) == 0 || refused[0].Status != 0 || !strings.Contains(refused[0].Error, "no public address") {
		h.t.Errorf("the log of the hook to a private address has %+v", refused)
	}
	taken := map[string]int{}
	for _, a := range h.log(header, "webhook") {
		if _, err := time.Parse(time.RFC3339, a.At); err != nil || a.ID == "" || !strings.HasPrefix(a.Session, "sess_") || (a.Error == "") != (a.Status/100 == 2) {
			h.t.Errorf("an attempt is %+v", a)
		}
		if a.Error == "" {
			taken[a.ID]++
		}
	}
	if len(taken) == 0 {
		h.t.Error("the log has no attempt that worked")
	}
}

type hookAttempt struct {
	At, ID, Type, Session, Error string
	Status, Events               int
}

func (h *hooked) log(header http.Header, hook string) []hookAttempt {
	h.t.Helper()
	var raw json.RawMessage
	h.request(http.MethodGet, h.core.URL+"/plugins/acme."+hook+"/log", "application/json", header, nil, &raw)
	h.wantNone(hookSecrets, "the log of attempts", string(raw))
	var page struct{ Attempts []hookAttempt }
	if err := json.Unmarshal(raw, &page); err != nil {
		h.t.Fatal(err)
	}
	return page.Attempts
}
