package host_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/zoo"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// The test binary is also the plugin, when it is launched with the cookie, and a
// host that can be killed, when it is started with hostEnv.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(pluginv1.CookieKey) != "" && os.Getenv(zoo.Env) != "":
		zoo.Play(os.Getenv(zoo.Env))
	case os.Getenv(pluginv1.CookieKey) != "" && os.Getenv("FIXTURE_JOINS") != "":
		serveFixture(newJoining)
	case os.Getenv(pluginv1.CookieKey) != "":
		serveFixture(newFixture)
	case os.Getenv(hostEnv) != "":
		runHost()
	default:
		os.Exit(m.Run())
	}
}

func serveFixture(create func(context.Context, fixtureConfig, plugin.Host) (plugin.Bridge, error)) {
	version, behaviour := ownTail()
	if behaviour == "exit" {
		os.Exit(9)
	}
	plugin.Serve(plugin.Spec[fixtureConfig]{
		Name: "fixture", Version: version, Kind: fixtureKind(),
		Events: fixtureEvents(), Folds: os.Getenv("FIXTURE_FOLDS") != "", Joins: os.Getenv("FIXTURE_LINES") != "",
		Limits: []plugin.Limit{
			{Scope: "chat", Calls: 1000, Per: time.Minute},
			{Scope: "edits", Calls: 1000, Per: time.Minute, Events: []string{plugin.MessageEdited}},
		},
		PublicPaths: []string{"/hook"},
		Cannot:      fixtureCannot(),
		AsVisitor:   os.Getenv("FIXTURE_VISITOR") != "",
		New:         create,
	})
}

func fixtureEvents() []string {
	events := []string{
		plugin.SessionOpened, plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.Notice, plugin.EventTyping, plugin.ThreadErased,
	}
	if os.Getenv("FIXTURE_FOLDS") != "" {
		events = append(events, plugin.VisitorTracked)
	}
	return events
}

func fixtureKind() plugin.Kind {
	if os.Getenv("FIXTURE_HOOK") != "" {
		return plugin.KindHook
	}
	return plugin.KindBridge
}

func fixtureCannot() map[string]string {
	if os.Getenv("FIXTURE_CANNOT") == "" {
		return nil
	}
	return map[string]string{"typing": "It tells nobody who types.", "delete": "It cannot delete."}
}

type fixtureConfig struct {
	Platform string `hcl:"platform" help:"where the test's platform listens"`
	Token    string `hcl:"token,optional" secret:"true"`
}

// fixture is a bridge that does what the test's platform says.
type fixture struct {
	config    fixtureConfig
	host      plugin.Host
	behaviour string // of the version: see ownTail
}

func newFixture(_ context.Context, c fixtureConfig, h plugin.Host) (plugin.Bridge, error) {
	if c.Token == "malformed" {
		return nil, plugin.FieldError("token", errors.New("is malformed"))
	}
	h.Log().Info("made", "token", c.Token)
	_, behaviour := ownTail()
	if behaviour == "nostart" {
		return nil, errors.New("its dependencies are missing")
	}
	return &fixture{c, h, behaviour}, nil
}

// delivery is what the platform learns of an event.
type delivery struct {
	PID       int
	Session   string
	Visitor   string
	Seq       int64
	Type      string
	Text      string
	Name      string
	ReplyText string
	Thread    string
	Links     []plugin.Link
	Uncertain bool
	Run       int // events in the call

	More     []string // the other lines
	Siblings []string
	Late     string
}

// outcome is what the platform makes of it.
type outcome struct {
	Thread string
	Part   string // external id of the message that was made
	Calls  int
	Record bool // record the thread before going on
	Fail   string
	Wait   time.Duration
	Scope  string // of the wait; "chat" when it is empty
	Reason string
	Flood  int // lines to log
}

func (f *fixture) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	return f.deliver(ctx, e, 1)
}

func (f *fixture) deliver(ctx context.Context, e *plugin.Event, run int) (plugin.Receipt, error) {
	d := delivery{
		PID: os.Getpid(), Session: e.Session.ID, Visitor: e.Session.Visitor.Name, Seq: e.Seq, Type: e.Type,
		Thread: e.Thread, Links: e.Links, Uncertain: e.Uncertain, Run: run,
	}
	if e.Message != nil {
		d.Text, d.Name, d.ReplyText, d.Late = e.Message.Text, e.Message.Name, e.Message.ReplyText, e.Late
	}
	for _, m := range e.More {
		d.More = append(d.More, m.Text)
	}
	for _, m := range e.Siblings {
		d.Siblings = append(d.Siblings, m.Text)
	}
	switch e.Type {
	case plugin.Notice:
		d.Text = e.Text()
	case plugin.VisitorTracked:
		d.Text = string(e.Data)
	}
	var o outcome
	if err := f.call(ctx, "/deliver", d, &o); err != nil {
		return plugin.Receipt{}, err
	}
	for i := range o.Flood {
		f.host.Log().Warn("flooding", "line", i)
	}
	receipt := plugin.Receipt{Thread: o.Thread, Calls: o.Calls}
	if o.Record {
		if err := f.host.Record(ctx, plugin.Record{SessionID: e.Session.ID, Thread: o.Thread}); err != nil {
			return receipt, err
		}
	}
	if e.Message != nil && o.Part != "" {
		receipt.Links = []plugin.Link{{Thread: e.Thread + o.Thread, ExternalID: o.Part, MessageID: e.Message.ID}}
	}
	if len(e.More) > 0 {
		receipt.Links[0].ExternalID += "#0"
	}
	for i, m := range e.More {
		receipt.Links = append(receipt.Links, plugin.Link{Thread: e.Thread + o.Thread, ExternalID: fmt.Sprintf("%s#%d", o.Part, i+1), MessageID: m.ID})
	}
	return receipt, f.failure(o)
}

func (f *fixture) failure(o outcome) error {
	err := errors.New(o.Reason)
	switch o.Fail {
	case "":
		return nil
	case "retry-after":
		return plugin.RetryAfter(o.Wait, cmp.Or(o.Scope, "chat"), err)
	case "permanent":
		return plugin.Permanent(err)
	case "gone":
		return plugin.ThreadGone(err)
	case "unusable":
		return plugin.Unusable(err)
	case "exit":
		panic("told to crash")
	case "hang":
		select {} // whatever the deadline
	}
	return err
}

func (f *fixture) Typing(ctx context.Context, e *plugin.Event) error {
	return f.call(ctx, "/deliver", delivery{Type: e.Type, Session: e.Session.ID, Thread: e.Thread, Text: string(e.Data)}, &outcome{})
}

// update is what happened on the platform; Save, when set, is stored as a file of
// it first.
type update struct {
	plugin.Inbound
	Save    string
	Act     string // Run returns with this for whoever must act
	Ack     plugin.Ack
	Err     string
	Refused bool
	File    string // what the saved file reads as
}

// Run takes updates, one at a time, and tells what became of each.
func (f *fixture) Run(ctx context.Context) error {
	if f.behaviour == "crash" {
		time.AfterFunc(time.Second/2, func() { os.Exit(4) })
	}
	for ctx.Err() == nil {
		var u update
		if err := f.call(ctx, "/updates", os.Getpid(), &u); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if u.Act != "" {
			return plugin.Unusable(errors.New(u.Act))
		}
		f.receive(ctx, &u)
		if err := f.call(ctx, "/acked", u, nil); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func (f *fixture) receive(ctx context.Context, u *update) {
	var err error
	if u.Save != "" {
		var a plugin.Attachment
		if a, err = f.host.SaveFile(ctx, "note.txt", strings.NewReader(u.Save)); err == nil {
			u.Files = []string{a.ID}
			u.File, err = f.read(ctx, a.ID)
		}
	}
	if err == nil {
		u.Ack, err = f.host.Receive(ctx, u.Inbound)
	}
	if err != nil {
		u.Err, u.Refused = err.Error(), plugin.IsRefused(err)
	}
}

func (f *fixture) read(ctx context.Context, id string) (string, error) {
	r, err := f.host.OpenFile(ctx, id)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	return string(data), err
}

// Check tells the whole environment.
func (f *fixture) Check(context.Context) []plugin.Finding {
	found := []plugin.Finding{{OK: f.behaviour != "check" && f.config.Token != "wrong", Name: "teeth", Text: "they are gone"}}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		found = append(found, plugin.Finding{OK: f.config.Token != "wrong", Name: name, Text: value})
	}
	return found
}

// ServeHTTP answers with what it reads from the host, or with the request.
func (f *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/projects" {
		for _, p := range f.host.Projects() {
			_, _ = fmt.Fprintf(w, "%s %s (%d)\n", p.Slug, p.Name, os.Getpid())
		}
		return
	}
	if r.URL.Path != "/sessions" {
		_, _ = fmt.Fprintf(w, "%s %s cookie=%q prefix=%s", r.Method, r.URL, r.Header.Get("Cookie"), r.Header.Get("X-Forwarded-Prefix"))
		return
	}
	sessions, next, err := f.host.Sessions(r.Context(), plugin.SessionQuery{Limit: 10})
	answer := map[string]any{"sessions": sessions, "next": next, "err": fmt.Sprint(err)}
	if err == nil && len(sessions) > 0 {
		one, err := f.host.Session(r.Context(), sessions[0].ID)
		messages, more, err2 := f.host.Messages(r.Context(), plugin.MessageQuery{SessionID: sessions[0].ID, Limit: 2})
		_, err3 := f.host.Session(r.Context(), "sess_other")
		threads, _, err4 := f.host.Threads(r.Context(), plugin.SessionQuery{Status: "active"})
		links, err5 := f.host.Links(r.Context(), "T-"+sessions[0].ID, 2)
		answer["threads"], answer["links"] = threads, links
		answer["one"], answer["messages"], answer["more"] = one, messages, more
		answer["err"], answer["other"] = fmt.Sprint(errors.Join(err, err2, err4, err5)), fmt.Sprint(err3)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// call asks the test's platform.
func (f *fixture) call(ctx context.Context, path string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.config.Platform+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the platform answers %s", resp.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// joining takes runs as a whole and makes one call of each.
type joining struct{ *fixture }

func newJoining(ctx context.Context, c fixtureConfig, h plugin.Host) (plugin.Bridge, error) {
	b, err := newFixture(ctx, c, h)
	if err != nil {
		return nil, err
	}
	return &joining{b.(*fixture)}, nil
}

func (j *joining) DeliverRun(ctx context.Context, events []*plugin.Event) ([]plugin.Receipt, error) {
	receipts := make([]plugin.Receipt, len(events))
	for i, e := range events {
		receipt, err := j.deliver(ctx, e, len(events))
		if err != nil {
			return receipts[:i], err
		}
		if i > 0 {
			receipt.Calls = -1
		}
		receipts[i] = receipt
	}
	return receipts, nil
}
