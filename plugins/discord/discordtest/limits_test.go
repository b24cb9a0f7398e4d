package discordtest_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func number(t *testing.T, a answer, header string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(a.Header.Get(header), 64)
	if err != nil {
		t.Errorf("%s: %v", header, err)
	}
	return n
}

// hasHeaders checks what every answer carries.
func hasHeaders(t *testing.T, a answer) {
	t.Helper()
	for _, h := range []string{"Limit", "Remaining", "Reset", "Reset-After"} {
		number(t, a, "X-RateLimit-"+h)
	}
	if _, err := http.ParseTime(a.Header.Get("Date")); err != nil || a.Header.Get("X-RateLimit-Bucket") == "" {
		t.Errorf("Date %v, bucket %q", err, a.Header.Get("X-RateLimit-Bucket"))
	}
}

func TestBucketsOfThreads(t *testing.T) {
	s, clock := frozen(t, discordtest.WithLimits(discordtest.Real()))
	one, two := post(t, s, "Anna"), post(t, s, "Ben")
	var a answer
	for i := range 5 {
		a = call(t, s, "POST", "/channels/"+one+"/messages", obj{"content": "x"}).want(t, 200, 0)
		hasHeaders(t, a)
		if left := number(t, a, "X-RateLimit-Remaining"); left != float64(4-i) {
			t.Errorf("call %d leaves %v", i, left)
		}
	}
	if a.Header.Get("X-RateLimit-Limit") != "5" || a.Header.Get("X-RateLimit-Reset-After") != "5.000" || a.Header.Get("X-RateLimit-Reset") != "1760000005.000" {
		t.Errorf("headers %v", a.Header)
	}
	clock.Advance(1500 * time.Millisecond)
	r := call(t, s, "POST", "/channels/"+one+"/messages", obj{"content": "x"}).want(t, 429, 0)
	hasHeaders(t, r)
	if r.Body["retry_after"] != 3.5 || r.Body["global"] != false || r.Message != "You are being rate limited." {
		t.Errorf("429 says %s", r.Raw)
	}
	if r.Header.Get("Retry-After") != "4" || r.Header.Get("X-RateLimit-Scope") != "user" || r.Header.Get("X-RateLimit-Global") != "" {
		t.Errorf("429 with %v", r.Header)
	}
	other := call(t, s, "POST", "/channels/"+two+"/messages", obj{"content": "x"}).want(t, 200, 0)
	if a.Header.Get("X-RateLimit-Bucket") != other.Header.Get("X-RateLimit-Bucket") {
		t.Error("two threads have buckets of another name")
	}
	call(t, s, "GET", "/channels/"+one+"/messages", nil).want(t, 200, 0)
	call(t, s, "POST", "/channels/"+one+"/messages", obj{"content": "x"}).want(t, 429, 0)
	clock.Advance(3500 * time.Millisecond)
	call(t, s, "POST", "/channels/"+one+"/messages", obj{"content": "x"}).want(t, 200, 0)
	log := s.Requests("POST", "/channels/"+one+"/messages")
	if log[5].RetryAfter != 3500*time.Millisecond || log[5].Early || !log[6].Early || log[7].Early {
		t.Errorf("log %+v", log[5:])
	}
}

func TestGlobalLimit(t *testing.T) {
	s, clock := frozen(t, discordtest.WithLimits(discordtest.Limits{Global: discordtest.Rate{Calls: 2, Per: time.Second}}))
	call(t, s, "GET", "/users/@me", nil).want(t, 200, 0)
	call(t, s, "GET", "/channels/"+s.ForumID, nil).want(t, 200, 0)
	a := call(t, s, "GET", "/users/@me", nil).want(t, 429, 0)
	if a.Body["global"] != true || a.Body["retry_after"] != 1.0 || a.Header.Get("X-RateLimit-Global") != "true" || a.Header.Get("X-RateLimit-Scope") != "global" {
		t.Errorf("%s %v", a.Raw, a.Header)
	}
	hasHeaders(t, a)
	call(t, s, "GET", "/gateway", nil).want(t, 200, 0)
	clock.Advance(time.Second)
	call(t, s, "GET", "/users/@me", nil).want(t, 200, 0)
}

func TestSlowBuckets(t *testing.T) {
	s, clock := frozen(t, discordtest.WithLimits(discordtest.Real()))
	id := post(t, s, "Anna")
	for i := range 9 {
		post(t, s, "Anna "+strconv.Itoa(i))
	}
	a := call(t, s, "POST", "/channels/"+s.ForumID+"/threads", obj{"name": "x", "message": obj{"content": "x"}}).want(t, 429, 0)
	if a.Body["retry_after"] != 60.0 {
		t.Errorf("a thread too many: %s", a.Raw)
	}
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "1"}).want(t, 200, 0)
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "2"}).want(t, 200, 0)
	a = call(t, s, "PATCH", "/channels/"+id, obj{"name": "3"}).want(t, 429, 0)
	if a.Body["retry_after"] != 600.0 || number(t, a, "X-RateLimit-Remaining") == 0 {
		t.Errorf("a third name: %s, with headers that tell of it %v", a.Raw, a.Header)
	}
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "2", "locked": true}).want(t, 200, 0)
	clock.Advance(10 * time.Minute)
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "3"}).want(t, 200, 0)
	if l := discordtest.Real().Faster(100); l.Send.Per != 50*time.Millisecond || l.Rename.Per != 6*time.Second || l.Send.Calls != 5 {
		t.Errorf("a hundred times faster: %+v", l)
	}
}

func TestHeadersWithoutLimits(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	for range 20 {
		hasHeaders(t, call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": "x"}).want(t, 200, 0))
	}
	hasHeaders(t, call(t, s, "GET", "/channels/1", nil).want(t, 404, 10003))
	hasHeaders(t, call(t, s, "GET", "/nowhere", nil).want(t, 404, 0))
	hasHeaders(t, call(t, s, "DELETE", "/channels/"+id+"/messages/"+say(t, s, id, "y"), nil).want(t, 204, 0))
}

func TestFaults(t *testing.T) {
	s := start(t, discordtest.WithSeed(7))
	id := post(t, s, "Anna")
	const route = "/channels/{channel}/messages"
	path := "/channels/" + id + "/messages"
	s.Inject(discordtest.Fault{Method: "POST", Route: route, Status: 429, RetryAfter: 2500 * time.Millisecond, Times: 1})
	a := call(t, s, "POST", path, obj{"content": "x"}).want(t, 429, 0)
	if a.Body["retry_after"] != 2.5 || a.Header.Get("Retry-After") != "3" || a.Header.Get("X-RateLimit-Scope") != "user" {
		t.Errorf("%s %v", a.Raw, a.Header)
	}
	hasHeaders(t, a)
	call(t, s, "POST", path, obj{"content": "x"}).want(t, 200, 0)
	if log := s.Requests("POST", route); !log[1].Early {
		t.Error("a call during the wait is not marked early")
	}
	s.Inject(discordtest.Fault{Status: 429, RetryAfter: time.Second, Global: true, Times: 1})
	if a := call(t, s, "GET", "/users/@me", nil); a.Body["global"] != true || a.Header.Get("X-RateLimit-Global") != "true" {
		t.Errorf("global: %s %v", a.Raw, a.Header)
	}
	s.Inject(discordtest.Fault{Status: 502, Body: "<html>bad gateway</html>", Times: 1})
	if a := call(t, s, "GET", "/users/@me", nil); a.Status != 502 || a.Raw != "<html>bad gateway</html>" {
		t.Errorf("%d %s", a.Status, a.Raw)
	}
	s.Inject(discordtest.Fault{Route: path, Status: 403, Code: 50013, Body: "Missing Permissions", Times: 1})
	call(t, s, "GET", "/users/@me", nil).want(t, 200, 0)
	call(t, s, "POST", path, obj{"content": "x"}).want(t, 403, 50013)
	s.Inject(discordtest.Fault{Status: 503, Times: 1})
	if a := call(t, s, "GET", "/users/@me", nil); a.Status != 503 || a.Message != "Service Unavailable" {
		t.Errorf("%d %s", a.Status, a.Raw)
	}
	remove := s.Inject(discordtest.Fault{Method: "GET", Route: "/users/@me", Status: 500, Chance: 0.2})
	failed := 0
	for range 200 {
		if call(t, s, "GET", "/users/@me", nil).Status == 500 {
			failed++
		}
	}
	if failed < 20 || failed > 70 {
		t.Errorf("%d of 200 failed by a chance of a fifth", failed)
	}
	remove()
	call(t, s, "GET", "/users/@me", nil).want(t, 200, 0)
}

func TestDropsAndDelays(t *testing.T) {
	s, clock := frozen(t)
	id := post(t, s, "Anna")
	for drop, sent := range map[discordtest.Drop]int{discordtest.DropBefore: 0, discordtest.DropAfter: 1} {
		before := len(s.Messages(id))
		s.Inject(discordtest.Fault{Drop: drop, Times: 1})
		r, _ := http.NewRequest("POST", s.URL+"/api/v9/channels/"+id+"/messages", strings.NewReader(`{"content":"y"}`))
		r.Header.Set("Authorization", "Bot "+s.Token)
		r.Header.Set("Content-Type", "application/json")
		if resp, err := http.DefaultClient.Do(r); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			t.Error("a dropped call was answered")
		}
		if got := len(s.Messages(id)) - before; got != sent {
			t.Errorf("drop %v: %d messages were sent", drop, got)
		}
		log := s.Requests("POST", "/channels/"+id+"/messages")
		if last := log[len(log)-1]; last.Status != 0 || last.Performed != (sent == 1) {
			t.Errorf("logged as %+v", last)
		}
	}
	timers := clock.Timers()
	s.Inject(discordtest.Fault{Route: "/users/@me", Delay: time.Hour, Times: 1})
	done := make(chan answer)
	go func() { done <- call(t, s, "GET", "/users/@me", nil) }()
	clock.WaitTimers(timers + 1)
	select {
	case <-done:
		t.Error("a delayed call was answered at once")
	default:
	}
	clock.Advance(time.Hour)
	(<-done).want(t, 200, 0)
}

func TestFaultOfWhatIsSaid(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	s.Inject(discordtest.Fault{Text: "poison", Status: 500})
	for text, status := range map[string]int{"some poison": 500, "water": 200} {
		call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": text}).want(t, status, 0)
	}
	call(t, s, "GET", "/users/@me", nil).want(t, 200, 0)
}
