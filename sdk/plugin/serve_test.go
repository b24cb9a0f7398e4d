package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The test binary is the plugin too: go-plugin starts it again with the cookie.
func TestMain(m *testing.M) {
	if os.Getenv(pluginv1.CookieKey) != "" {
		plugin.Serve(plugin.Spec[fixtureConfig]{
			Name: "fixture", Version: "1.2.3", Events: []string{plugin.EventTyping},
			Limits:      []plugin.Limit{{Scope: "chat", Calls: 20, Per: time.Minute}},
			PublicPaths: []string{"/hook"}, New: newFixture,
		})
		return
	}
	os.Exit(m.Run())
}

type fixtureConfig struct {
	Token string   `hcl:"token" secret:"true" help:"a token"`
	Count int      `hcl:"count,optional" default:"3"`
	Names []string `hcl:"names,optional" default:"a,b"`
	Fail  bool     `hcl:"fail,optional"`
	other string
}

type fixture struct {
	config fixtureConfig
	host   plugin.Host
}

func newFixture(_ context.Context, c fixtureConfig, h plugin.Host) (plugin.Bridge, error) {
	c.other = strings.Join(c.Names, "+")
	if c.Token == "bad" {
		return nil, plugin.FieldError("token", errors.New("looks wrong"))
	}
	return &fixture{c, h}, nil
}

func (f *fixture) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	switch e.Message.Text {
	case "wait":
		return plugin.Receipt{}, plugin.RetryAfter(7*time.Second, "chat", errors.New("too many"))
	case "never":
		return plugin.Receipt{Links: []plugin.Link{{ExternalID: "half"}}}, plugin.Permanent(errors.New("too long"))
	case "thread":
		if err := f.host.Record(ctx, plugin.Record{SessionID: e.Session.ID, Thread: "T1"}); err != nil {
			return plugin.Receipt{}, err
		}
	}
	return plugin.Receipt{Links: []plugin.Link{{Thread: e.Thread, ExternalID: "x" + e.Message.Text, MessageID: e.Message.ID}}, Calls: 2}, nil
}

// Run reports one message and saves what became of it.
func (f *fixture) Run(ctx context.Context) error {
	ack, err := f.host.Receive(ctx, plugin.Inbound{EffectKey: "1", Kind: plugin.InboundMessage, Text: "hi", Operator: plugin.Operator{Name: "Olga"}})
	if err != nil {
		return err
	}
	if _, err := f.host.Receive(ctx, plugin.Inbound{EffectKey: "2", Thread: "nowhere"}); !plugin.IsRefused(err) {
		return errors.New("the second was not refused")
	}
	if err := f.host.SaveState(ctx, "last", []byte(ack.MessageID)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (f *fixture) Typing(context.Context, *plugin.Event) error { return errors.New("typed") }

func (f *fixture) Check(context.Context) []plugin.Finding {
	return []plugin.Finding{{OK: f.config.Count == 3, Name: "names", Text: f.config.other}}
}

func (f *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "page "+r.URL.Path)
}

// launch starts the plugin as the host does.
func launch(t *testing.T) pluginv1.PluginClient {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{pluginv1.SocketDirEnv + "=" + shortDir(t)}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:          goplugin.PluginSet{pluginv1.Name: dialer{}},
		Cmd:              cmd,
		SkipHostEnv:      true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := protocol.Dispense(pluginv1.Name)
	if err != nil {
		t.Fatal(err)
	}
	return raw.(pluginv1.PluginClient)
}

type dialer struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (dialer) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func (dialer) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginv1.NewPluginClient(conn), nil
}

// shortDir is a folder whose sockets' paths stay below the system's 108 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, p pluginv1.PluginClient, config string) (*pluginv1.StartResponse, error) {
	t.Helper()
	return p.Start(deadline(t), &pluginv1.StartRequest{ConfigJson: []byte(config), BridgeId: "acme.fixture", Generation: 5})
}

// failure is the status's code, what its details say, and when to come back.
func failure(t *testing.T, err error) (codes.Code, *pluginv1.Failure, time.Duration) {
	t.Helper()
	st := status.Convert(err)
	var f *pluginv1.Failure
	var wait time.Duration
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *pluginv1.Failure:
			f = d
		case *errdetails.RetryInfo:
			wait = d.GetRetryDelay().AsDuration()
		}
	}
	if f == nil {
		t.Fatalf("no Failure in the details of %v", err)
	}
	return st.Code(), f, wait
}

func TestDescribe(t *testing.T) {
	d, err := launch(t).Describe(deadline(t), &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if d.GetName() != "fixture" || d.GetKind() != pluginv1.Kind_KIND_BRIDGE || d.GetLimits()[0].GetPer().AsDuration() != time.Minute {
		t.Errorf("described as %v", d)
	}
	if len(d.GetFields()) != 4 {
		t.Fatalf("fields: %v", d.GetFields())
	}
	token, count, names := d.GetFields()[0], d.GetFields()[1], d.GetFields()[2]
	if !token.GetRequired() || !token.GetSecret() || token.GetType() != pluginv1.FieldType_FIELD_TYPE_STRING {
		t.Errorf("token: %v", token)
	}
	if count.GetRequired() || count.GetDefaultJson() != "3" || names.GetDefaultJson() != `["a","b"]` {
		t.Errorf("defaults: %v, %v", count, names)
	}
	if len(d.GetEvents()) != 17 {
		t.Errorf("typing beside all stored events, got %v", d.GetEvents())
	}
}

func TestStartNamesTheFieldThatIsWrong(t *testing.T) {
	p := launch(t)
	for config, field := range map[string]string{
		`{}`:                        "token",
		`{"token":"bad"}`:           "token",
		`{"token":1}`:               "token",
		`{"token":"a","count":"x"}`: "count",
		`{"token":"a","tokn":"x"}`:  "tokn",
	} {
		_, err := start(t, p, config)
		code, f, _ := failure(t, err)
		if code != codes.InvalidArgument || f.GetField() != field {
			t.Errorf("%s: %v names %q", config, err, f.GetField())
		}
	}
}

func TestStartServesPagesAndChecks(t *testing.T) {
	p := launch(t)
	answer, err := start(t, p, `{"token":"a"}`)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(answer.GetHttpAddr(), "unix:") {
		t.Errorf("HTTP at %q", answer.GetHttpAddr())
	}
	check, err := p.Check(deadline(t), &pluginv1.CheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if f := check.GetFindings()[0]; !f.GetOk() || f.GetText() != "a+b" {
		t.Errorf("found %v", f)
	}
	if _, err := start(t, p, `{"token":"a"}`); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a second start: %v", err)
	}
}

// answer acks the items of a stream as the host does and shows them.
func answer(t *testing.T, p pluginv1.PluginClient) <-chan *pluginv1.InboundResponse {
	t.Helper()
	stream, err := p.Inbound(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	items := make(chan *pluginv1.InboundResponse, 100)
	go func() {
		defer close(items)
		for {
			item, err := stream.Recv()
			if err != nil {
				return
			}
			ack := &pluginv1.InboundRequest{Ref: item.GetRef(), MessageId: "msg_1"}
			if item.GetInbound().GetThread() == "nowhere" {
				ack.Failure = &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_PERMANENT, Reason: "no such thread"}
			}
			items <- item
			if stream.Send(ack) != nil {
				return
			}
		}
	}()
	return items
}

func next(t *testing.T, items <-chan *pluginv1.InboundResponse) *pluginv1.InboundResponse {
	t.Helper()
	select {
	case item := <-items:
		return item
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		return nil
	}
}

func TestRunReportsAndSaves(t *testing.T) {
	p := launch(t)
	if _, err := start(t, p, `{"token":"a"}`); err != nil {
		t.Fatal(err)
	}
	items := answer(t, p)
	if in := next(t, items).GetInbound(); in.GetText() != "hi" || in.GetKind() != pluginv1.InboundKind_INBOUND_KIND_MESSAGE || in.GetOperator().GetName() != "Olga" {
		t.Errorf("received %v", in)
	}
	next(t, items)
	if state := next(t, items).GetState(); state.GetKey() != "last" || string(state.GetValue()) != "msg_1" {
		t.Errorf("saved %v", state)
	}
	if _, err := p.Stop(deadline(t), &pluginv1.StopRequest{}); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func message(seq int64, text string) *pluginv1.Event {
	return &pluginv1.Event{Type: plugin.MessagePosted, Seq: seq, Message: &pluginv1.Message{Id: "m" + text, Text: text}}
}

func deliver(t *testing.T, p pluginv1.PluginClient, generation int64, events ...*pluginv1.Event) (*pluginv1.DeliverResponse, error) {
	t.Helper()
	return p.Deliver(deadline(t), &pluginv1.DeliverRequest{Session: &pluginv1.Session{Id: "sess_1"}, Events: events, Generation: generation})
}

func TestDeliverRecordsAsItGoes(t *testing.T) {
	p := launch(t)
	if _, err := start(t, p, `{"token":"a"}`); err != nil {
		t.Fatal(err)
	}
	items := answer(t, p)
	for range 3 {
		next(t, items) // of Run
	}
	done, err := deliver(t, p, 5, message(1, "thread"), message(2, "b"), message(3, "c"))
	if err != nil {
		t.Fatal(err)
	}
	if r := next(t, items).GetRecord(); r.GetThread() != "T1" || r.GetDone() != 0 {
		t.Errorf("the thread was recorded as %v", r)
	}
	for seq := int64(1); seq <= 2; seq++ {
		if r := next(t, items).GetRecord(); r.GetDone() != seq || r.GetSessionId() != "sess_1" || len(r.GetLinks()) != 1 {
			t.Errorf("event %d was recorded as %v", seq, r)
		}
	}
	last := done.GetReceipts()[2]
	if len(done.GetReceipts()) != 3 || last.GetCalls() != 2 || last.GetLinks()[0].GetThread() != "T1" {
		t.Errorf("answered %v", done)
	}
}

func TestDeliverFailures(t *testing.T) {
	p := launch(t)
	if _, err := start(t, p, `{"token":"a"}`); err != nil {
		t.Fatal(err)
	}
	items := answer(t, p)
	for range 3 {
		next(t, items) // of Run
	}
	_, err := deliver(t, p, 5, message(1, "wait"))
	if code, f, wait := failure(t, err); code != codes.ResourceExhausted || f.GetScope() != "chat" || wait != 7*time.Second {
		t.Errorf("retry after: %v %v %v", code, f, wait)
	}
	_, err = deliver(t, p, 5, message(1, "a"), message(2, "never"))
	if _, f, _ := failure(t, err); f.GetKind() != pluginv1.FailureKind_FAILURE_KIND_PERMANENT || f.GetSeq() != 2 {
		t.Errorf("permanent: %v", f)
	}
	if r := next(t, items).GetRecord(); r.GetDone() != 1 {
		t.Errorf("the first was recorded as %v", r)
	}
	if r := next(t, items).GetRecord(); r.GetDone() != 0 || r.GetLinks()[0].GetExternalId() != "half" {
		t.Errorf("what failed half way was recorded as %v", r)
	}
	if _, err := deliver(t, p, 4, message(1, "a")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("an older generation: %v", err)
	}
	typing := &pluginv1.Event{Type: plugin.EventTyping, Data: json.RawMessage(`{"on":true}`)}
	if _, err := deliver(t, p, 5, typing); err == nil || !strings.Contains(err.Error(), "typed") {
		t.Errorf("typing: %v", err)
	}
}
