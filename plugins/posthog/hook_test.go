package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// posthog takes batches, unless the test's answer says otherwise.
type posthog struct {
	*httptest.Server

	mu      sync.Mutex
	answer  func(batch) int
	batches []batch
	raw     []string
}

type batch struct {
	Path   string
	APIKey string `json:"api_key"`
	Batch  []capture
}

func newPostHog(t *testing.T) *posthog {
	p := &posthog{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b := batch{Path: r.URL.Path}
		if json.Unmarshal(body, &b) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		status := http.StatusOK
		if p.answer != nil {
			status = p.answer(b)
		}
		if status == http.StatusOK {
			p.batches, p.raw = append(p.batches, b), append(p.raw, string(body))
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *posthog) answers(answer func(batch) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *posthog) all() (events []capture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.batches {
		events = append(events, b.Batch...)
	}
	return events
}

type rig struct {
	*posthog
	hook    *hook
	session *plugintest.Session
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	p := newPostHog(t)
	c := Config{APIKey: "phc_CANARY", Host: p.URL, AllowPrivate: true}
	for _, f := range change {
		f(&c)
	}
	host := plugintest.NewHost(t)
	host.ProjectList = []plugin.Project{{ID: "proj_1", Slug: "acme"}}
	b, err := newHook(t.Context(), c, host)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{p, b.(*hook), plugintest.NewSession(host, b)}
}

func (r *rig) event(kind, data string) *plugin.Event {
	e := r.session.Event(kind, nil)
	if data != "" {
		e.Data = json.RawMessage(data)
	}
	return e
}

// talk is a bit of everything that is told.
func (r *rig) talk() []*plugin.Event {
	m := r.session.Message("my password is hunter2")
	m.Attachments = make([]plugin.Attachment, 2)
	return []*plugin.Event{
		r.event(plugin.SessionOpened, ""),
		r.session.Event(plugin.MessagePosted, m),
		r.event(plugin.VisitorTracked, `{"name":"clicked_pricing","data":{"plan":"pro","seats":3,"$set":{"email":"x"},"distinct_id":"boss"}}`),
		r.event(plugin.VisitorTracked, `{"name":"$identify","data":["a"]}`),
		r.event(plugin.VisitorIdentified, `{"name":"Anna"}`),
		r.event(plugin.SessionRated, `{"score":4,"comment":"hunter2 helped"}`),
		r.event(plugin.SessionClosed, `{"by":"operator"}`),
	}
}

func TestASessionIsToldInOneBatch(t *testing.T) {
	r := newRig(t)
	events := r.talk()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for _, e := range events {
		e.At = at
	}
	receipts, err := r.hook.DeliverRun(t.Context(), events)
	if err != nil || len(receipts) != len(events) || len(r.batches) != 1 {
		t.Fatalf("%d receipts, %d batches, %v", len(receipts), len(r.batches), err)
	}
	if b := r.batches[0]; b.Path != "/batch/" || b.APIKey != "phc_CANARY" {
		t.Errorf("posted to %s with %q", b.Path, b.APIKey)
	}
	if strings.Contains(r.raw[0], "hunter2") {
		t.Errorf("what was written is told: %s", r.raw[0])
	}
	with := func(properties map[string]any) map[string]any {
		for name, value := range map[string]any{
			"chat_session": "sess_conform", "chat_project": "acme", "$lib": "pocketping", "$lib_version": version,
			"$geoip_disable": true, "$process_person_profile": true, "$current_url": "https://example.com/pricing",
		} {
			properties[name] = value
		}
		return properties
	}
	want := []capture{
		{Event: "chat opened", Properties: with(map[string]any{})},
		{Event: "chat message", Properties: with(map[string]any{"sender": "visitor", "via": "widget", "attachments": 2.0, "reply": false})},
		{Event: "clicked_pricing", Properties: with(map[string]any{"plan": "pro", "seats": 3.0})},
		{Event: "identify", Properties: with(map[string]any{"data": []any{"a"}})},
		{Event: "$identify", Properties: with(map[string]any{"$set": map[string]any{"name": "Anna", "email": "anna@example.com", "verified": false}})},
		{Event: "chat rated", Properties: with(map[string]any{"score": 4.0})},
		{Event: "chat closed", Properties: with(map[string]any{"by": "operator"})},
	}
	seen := map[string]bool{}
	for i, c := range r.all() {
		if c.DistinctID != "vis_1" || c.Timestamp != "2026-05-04T03:02:01.000Z" || !isUUID.MatchString(c.UUID) || seen[c.UUID] {
			t.Errorf("event %d is %+v", i, c)
		}
		seen[c.UUID] = true
		c.DistinctID, c.Timestamp, c.UUID = "", "", ""
		if diff := cmp.Diff(want[i], c); diff != "" {
			t.Errorf("event %d: wanted (-), got (+):\n%s", i, diff)
		}
	}
}

var isUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestTextIsToldWhereItIsAskedFor(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Text = true })
	if _, err := r.hook.DeliverRun(t.Context(), r.talk()); err != nil {
		t.Fatal(err)
	}
	if all := r.all(); all[1].Properties["text"] != "my password is hunter2" || all[5].Properties["comment"] != "hunter2 helped" {
		t.Errorf("%+v", all)
	}
}

func TestASignedVisitorIsWhoTheSiteSays(t *testing.T) {
	r := newRig(t)
	e := r.event(plugin.VisitorIdentified, "")
	e.Session.Visitor.Subject = "user-7" // claimed by nobody, as long as it is not verified
	if _, err := r.session.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	e = r.event(plugin.VisitorIdentified, "")
	e.Session.Visitor.Verified, e.Session.Visitor.Traits = true, map[string]string{"plan": "pro", "$ip": "1.2.3.4", "claimed plan": "gold (unverified)"}
	if _, err := r.session.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	all := r.all()
	if all[0].DistinctID != "vis_1" || all[0].Properties["$anon_distinct_id"] != nil {
		t.Errorf("before it was signed: %+v", all[0])
	}
	set := all[1].Properties["$set"].(map[string]any)
	if all[1].DistinctID != "user-7" || all[1].Properties["$anon_distinct_id"] != "vis_1" || set["plan"] != "pro" || len(set) != 4 || set["verified"] != true {
		t.Errorf("signed: %+v", all[1])
	}
}

func TestNothingIsToldOfWhoDidNotAgree(t *testing.T) {
	for name, c := range map[string]struct {
		consent          string
		traits, metadata map[string]string
		told             bool
	}{
		"not asked":             {"", nil, nil, true},
		"nothing said":          {"analytics", nil, nil, false},
		"a trait":               {"analytics", map[string]string{"analytics": "Yes"}, nil, true},
		"said, not signed":      {"analytics", map[string]string{"claimed analytics": "yes (unverified)"}, nil, true},
		"signed no, said yes":   {"analytics", map[string]string{"claimed analytics": "yes (unverified)", "analytics": "no"}, nil, false},
		"metadata":              {"analytics", nil, map[string]string{"analytics": "true"}, true},
		"no by trait":           {"analytics", map[string]string{"analytics": "no"}, map[string]string{"analytics": "yes"}, false},
		"no word for yes":       {"analytics", map[string]string{"analytics": "perhaps"}, nil, false},
		"a value":               {"cookies=all", map[string]string{"cookies": "all"}, nil, true},
		"another value":         {"cookies=all", map[string]string{"cookies": "true"}, nil, false},
		"withdrawn, and absent": {"cookies=all", map[string]string{"cookies": ""}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(config *Config) { config.Consent = c.consent })
			events := r.talk()
			events[0].Session.Visitor.Traits, events[0].Session.Metadata = c.traits, c.metadata
			receipts, err := r.hook.DeliverRun(t.Context(), events)
			if err != nil || len(receipts) != len(events) {
				t.Errorf("%d receipts, %v", len(receipts), err)
			}
			if told := len(r.all()) > 0; told != c.told {
				t.Errorf("told %v", r.all())
			}
		})
	}
}

func TestARepeatIsTheSame(t *testing.T) {
	r := newRig(t)
	e := r.event(plugin.SessionOpened, "")
	for range 2 {
		if _, err := r.hook.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	other := r.event(plugin.SessionOpened, "")
	if _, err := r.hook.Deliver(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.all()[0], r.all()[1]); diff != "" || r.all()[0].UUID == r.all()[2].UUID {
		t.Errorf("%s\n%+v", diff, r.all())
	}
	if got := uuidOf("evt_1_1"); got != uuidOf("evt_1_1") || !isUUID.MatchString(got) {
		t.Error(got)
	}
}

// An event that PostHog cannot read does not take its neighbours along.
func TestWhatCannotBeReadIsFoundByHalves(t *testing.T) {
	r := newRig(t)
	r.answers(func(b batch) int {
		for _, c := range b.Batch {
			if c.Event == "bad" {
				return http.StatusBadRequest
			}
		}
		return http.StatusOK
	})
	var events []*plugin.Event
	for i := range 10 {
		name := fmt.Sprintf("good %d", i)
		if i == 6 {
			name = "bad"
		}
		events = append(events, r.event(plugin.VisitorTracked, fmt.Sprintf(`{"name":%q}`, name)))
	}
	var refused []string
	for len(events) > 0 {
		receipts, err := r.hook.DeliverRun(t.Context(), events)
		events = events[len(receipts):]
		if f := (*plugin.Failure)(nil); errors.As(err, &f) && f.Kind == plugin.FailurePermanent {
			refused = append(refused, string(events[0].Data))
			events = events[1:]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if len(r.all()) != 9 || len(refused) != 1 || !strings.Contains(refused[0], "bad") {
		t.Errorf("told %+v, refused %q", r.all(), refused)
	}
}

func TestWhatBecomesOfAnAnswer(t *testing.T) {
	for status, want := range map[int]struct {
		kind  plugin.FailureKind
		words string
	}{
		500: {plugin.FailureRetryAfter, "500"},
		401: {plugin.FailureUnusable, "api_key"},
		404: {plugin.FailureUnusable, "/batch/"},
		413: {plugin.FailurePermanent, "does not take"},
		302: {plugin.FailureRetryAfter, "redirects"},
	} {
		r := newRig(t)
		r.answers(func(batch) int { return status })
		_, err := r.hook.Deliver(t.Context(), r.event(plugin.SessionOpened, ""))
		var f *plugin.Failure
		if !errors.As(err, &f) || f.Kind != want.kind || !strings.Contains(err.Error(), want.words) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%d: %v", status, err)
		}
		w := httptest.NewRecorder()
		r.hook.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/log", nil))
		if !strings.Contains(w.Body.String(), fmt.Sprintf(`"status":%d`, status)) || strings.Contains(w.Body.String(), "CANARY") {
			t.Errorf("%d: the log is %s", status, w.Body)
		}
	}
}

func TestAPrivateHostIsNotCalled(t *testing.T) {
	r := newRig(t, func(c *Config) { c.AllowPrivate = false })
	r.answers(func(batch) int {
		t.Error("it was called")
		return http.StatusOK
	})
	_, err := r.hook.Deliver(t.Context(), r.event(plugin.SessionOpened, ""))
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != plugin.FailureUnusable || !strings.Contains(err.Error(), "allow_private") {
		t.Error(err)
	}
	if found := r.hook.Check(t.Context()); len(found) != 1 || found[0].OK {
		t.Errorf("the check says %+v", found)
	}
	r.hook = newRig(t).hook
	if found := r.hook.Check(t.Context()); len(found) != 1 || !found[0].OK {
		t.Errorf("where it is allowed the check says %+v", found)
	}
}

func TestConfigNamesTheFieldThatIsWrong(t *testing.T) {
	for field, c := range map[string]Config{
		"api_key": {APIKey: " ", Host: "https://eu.i.posthog.com"},
		"host":    {APIKey: "phc_CANARY", Host: "eu.i.posthog.com"},
		"consent": {APIKey: "phc_CANARY", Host: "https://eu.i.posthog.com", Consent: "=yes"},
	} {
		_, err := newHook(t.Context(), c, nil)
		var f *plugin.Failure
		if !errors.As(err, &f) || f.Field != field || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", field, err)
		}
	}
	target, err := Config{APIKey: "phc_CANARY", Host: "https://proxy.example/ingest/"}.target()
	if err != nil || target.String() != "https://proxy.example/ingest/batch/" {
		t.Errorf("%v %v", target, err)
	}
}
