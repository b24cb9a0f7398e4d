package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	hookSecret    = "whsec_cG9ja2V0cGluZyBlMmUgc2VjcmV0IG51bWJlciB0d28="
	hookOldSecret = "the secret of last year, in plain text"
)

// hookEvent is what a receiver reads of a body.
type hookEvent struct {
	ID, Type, SessionID string
	Seq                 int64
	Message             *struct{ Text string }
	Project             struct{ Slug string }
	Session             struct{ ID, VisitorID string }
	Visitor             struct{ ID string }
}

// receiver is a site's own server with troubles. Of each session it answers the first
// request with 500, the second never, the third with a redirect; then it works, but
// for every third event that it takes and says that it did not.
type receiver struct {
	url     string
	elseurl string

	mu      sync.Mutex
	asked   map[string]int // by session
	taken   map[string]int // requests of an event since it was taken
	events  map[string][]hookEvent
	chosen  []hookEvent // by the hook that is told of some events only
	repeats int
	faults  []string
}

func newReceiverOfHooks(t *testing.T, redirectTo string) *receiver {
	r := &receiver{elseurl: redirectTo, asked: map[string]int{}, taken: map[string]int{}, events: map[string][]hookEvent{}}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	r.url = server.URL + "/hooks?key=receiver-key-e2e"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // it was killed in the middle of it
	}
	var e hookEvent
	if err = json.Unmarshal(body, &e); err == nil {
		err = verified(req.Header, body)
	}
	r.mu.Lock()
	if err != nil || e.ID != req.Header.Get("webhook-id") {
		r.faults = append(r.faults, fmt.Sprintf("%s %s: %v", req.Header.Get("webhook-id"), body, err))
	}
	if req.URL.Query().Has("chosen") {
		r.chosen = append(r.chosen, e)
		r.mu.Unlock()
		return
	}
	r.asked[e.SessionID]++
	asked := r.asked[e.SessionID]
	r.mu.Unlock()
	switch asked {
	case 1:
		w.WriteHeader(http.StatusInternalServerError)
	case 2:
		<-req.Context().Done()
	case 3:
		http.Redirect(w, req, r.elseurl, http.StatusTemporaryRedirect)
	default:
		w.WriteHeader(r.take(e))
	}
}

// take keeps an event once, whatever it answers.
func (r *receiver) take(e hookEvent) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken[e.ID]++
	if r.taken[e.ID] > 1 {
		r.repeats++
		return http.StatusOK
	}
	r.events[e.SessionID] = append(r.events[e.SessionID], e)
	if e.Seq%3 == 0 {
		return http.StatusBadGateway
	}
	return http.StatusNoContent
}

// of are the events of a session in the order in which they were first taken.
func (r *receiver) of(session string) []hookEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]hookEvent(nil), r.events[session]...)
}

// verified checks a request as the specification of Standard Webhooks says, with each
// of the two secrets, and has its own library do the same.
func verified(h http.Header, body []byte) error {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	if err != nil {
		return err
	}
	for _, key := range [][]byte{plain, []byte(hookOldSecret)} {
		if err := verifiedWith(key, h, body); err != nil {
			return err
		}
		library, err := standardwebhooks.NewWebhookRaw(key)
		if err == nil {
			err = library.Verify(body, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func verifiedWith(key []byte, h http.Header, body []byte) error {
	id, timestamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.Unix(at, 0)); age > 5*time.Minute || age < -5*time.Minute {
		return fmt.Errorf("it was signed %s ago", age)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	for _, signature := range strings.Split(h.Get("webhook-signature"), " ") {
		version, coded, _ := strings.Cut(signature, ",")
		sum, err := base64.StdEncoding.DecodeString(coded)
		if err == nil && version == "v1" && hmac.Equal(sum, mac.Sum(nil)) {
			return nil
		}
	}
	return errors.New("no signature is ours")
}

// forbidden is a server of the private network that no hook may reach.
type forbidden struct {
	url, port string
	conns     atomic.Int64
}

func newForbidden(t *testing.T) *forbidden {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	f := &forbidden{url: "http://" + lis.Addr().String() + "/inner", port: strconv.Itoa(lis.Addr().(*net.TCPAddr).Port)}
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			f.conns.Add(1)
			_ = conn.Close()
		}
	}()
	return f
}

// analytics is a capture endpoint that is out of order at first.
type analytics struct {
	url string

	mu      sync.Mutex
	refused int
	seen    map[string]bool // by uuid
	events  map[string][]string
	raw     strings.Builder
}

const analyticsRefusals = 3

func newAnalytics(t *testing.T) *analytics {
	a := &analytics{seen: map[string]bool{}, events: map[string][]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	a.url = server.URL
	return a
}

func (a *analytics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b struct {
		APIKey string `json:"api_key"`
		Batch  []struct {
			Event, UUID string
			DistinctID  string `json:"distinct_id"`
			Properties  struct {
				Session string `json:"chat_session"`
			}
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &b) != nil || r.URL.Path != "/batch/" || b.APIKey != "phc_e2e0000" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused < analyticsRefusals {
		a.refused++
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	a.raw.Write(body)
	for _, e := range b.Batch {
		if !a.seen[e.UUID] {
			a.seen[e.UUID] = true
			a.events[e.DistinctID] = append(a.events[e.DistinctID], e.Event)
		}
	}
}

func (a *analytics) of(visitor string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.events[visitor]...)
}
