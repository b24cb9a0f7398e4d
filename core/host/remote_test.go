package host_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1/wsconn"
	"github.com/pocketping/pocketping/sdk/remote"
)

const bridgeKey = "bk_of_the_fixture_which_connects_by_itself"

// edge is a door of remote plugins.
type edge struct {
	*httptest.Server
	host *host.Host

	mu   sync.Mutex
	open []*websocket.Conn
}

// connectable serves a host that remote plugins reach, in place of the world's own.
func connectable(w *world) *edge {
	w.t.Helper()
	e := &edge{}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	w.t.Cleanup(e.Close)
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.host = host.New(host.Options{Store: w.store, Chat: w.chat, Bus: w.bus, Log: log, URL: e.URL})
	e.host = w.host
	w.host.Run(w.spec(func(s *host.Spec) { s.Path, s.KeyHash = "", core.Hash(bridgeKey) }))
	return e
}

func (e *edge) serve(w http.ResponseWriter, r *http.Request) {
	word := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.URL.Path != remotev1.Path {
		h, ok, err := e.host.RemoteHTTP(r.Context(), word)
		if !ok || err != nil {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		http.StripPrefix(remotev1.HTTPPath, h).ServeHTTP(w, r)
		return
	}
	id, ok := e.host.RemoteNamed(word)
	if !ok {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: remotev1.Formats})
	if err != nil {
		return
	}
	e.mu.Lock()
	e.open = append(e.open, ws)
	e.mu.Unlock()
	conn, format := wsconn.New(ws)
	e.host.Connect(id, conn, format)
}

// cut ends all connections without a word.
func (e *edge) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ws := range e.open {
		_ = ws.CloseNow()
	}
	e.open = nil
}

// connect runs the fixture as a remote plugin; the channel has why it ended.
func (e *edge) connect(t *testing.T) <-chan error {
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	ended := make(chan error, 1)
	go func() {
		ended <- remote.Serve(ctx, plugin.Spec[fixtureConfig]{Name: "fixture", Version: "1.0", Events: fixtureEvents(), New: newFixture}, e.URL, bridgeKey)
	}()
	return ended
}

func TestRemotePlugin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := connectable(w)
	w.status("nobody is connected", func(s core.BridgeStatus) bool {
		return s.State == "degraded" && strings.Contains(s.LastError, "not connected")
	})
	v := w.visitor("Ann")
	v.say("before")
	e.connect(t)
	w.delivered("before")
	w.settled()

	t.Run("it reports, and files go over HTTP", func(t *testing.T) {
		u := update{Inbound: plugin.Inbound{EffectKey: "1", Kind: plugin.InboundMessage, Thread: "T-" + v.session, ExternalID: "1", Text: "hello", Operator: plugin.Operator{ID: "o", Name: "Olga"}}, Save: "a note"}
		w.platform.updates <- u
		if got := <-w.platform.acked; got.Err != "" || got.Ack.Seq == 0 || got.File != "a note" {
			t.Errorf("acked %+v", got)
		}
	})

	t.Run("what was under way at a cut is delivered once", func(t *testing.T) {
		under, goOn := make(chan struct{}), make(chan struct{})
		w.platform.on(func(d delivery) outcome {
			if d.Text == "cut" {
				close(under)
				<-goOn
			}
			return outcome{}
		})
		v.say("cut")
		<-under
		before := w.status("it runs", func(s core.BridgeStatus) bool { return s.State == "running" }).Generation
		e.cut()
		w.status("the next launch", func(s core.BridgeStatus) bool { return s.State == "running" && s.Generation > before })
		close(goOn)
		v.say("after")
		w.delivered("before", "cut", "after")
		w.settled()
	})
}

func TestRemoteTakesOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := connectable(w)
	first := e.connect(t)
	v := w.visitor("Ann")
	v.say("one")
	w.settled() // or what is on its way comes again
	before := w.status("it runs", func(s core.BridgeStatus) bool { return s.State == "running" }).Generation
	e.connect(t)
	if err := <-first; !errors.Is(err, remote.ErrReplaced) {
		t.Errorf("the first plugin ended with %v", err)
	}
	v.say("two")
	w.delivered("one", "two")
	after := w.status("the second runs", func(s core.BridgeStatus) bool { return s.State == "running" && s.Generation > before })
	if after.Restarts > 1 {
		t.Errorf("%d restarts", after.Restarts)
	}
	w.platform.eventually(t, "one poller", func() bool { return slices.Equal(counts(w.platform.pollers), []int{1}) })

	raw := e.raw(t)
	token := raw.started(t)
	if code := e.ask(t, token); code != http.StatusOK {
		t.Errorf("the token of the launch is answered %d", code)
	}
	e.raw(t).started(t)
	if code := e.ask(t, token); code != http.StatusUnauthorized {
		t.Errorf("the token of an older launch is answered %d", code)
	}
	if code := e.ask(t, bridgeKey); code != http.StatusUnauthorized {
		t.Errorf("the key, in place of a token, is answered %d", code)
	}
}

func counts(pollers map[int]int) (all []int) {
	for _, n := range pollers {
		all = append(all, n)
	}
	return all
}

func (e *edge) ask(t *testing.T, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.URL+remotev1.HTTPPath+"/sessions", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}

// raw is a plugin that only starts, in JSON, and says where its own pages are.
type raw struct {
	pluginv1.UnimplementedPluginServer
	start chan *pluginv1.StartRequest
}

func (e *edge) raw(t *testing.T) *raw {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), e.URL+remotev1.Path, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + bridgeKey}}, Subprotocols: []string{string(remotev1.JSON)},
	})
	must(t, err)
	r := &raw{start: make(chan *pluginv1.StartRequest, 1)}
	conn, format := wsconn.New(ws)
	go func() { _ = remotev1.Serve(context.Background(), conn, format, r) }() // it ends with the connection
	return r
}

func (r *raw) started(t *testing.T) (token string) {
	t.Helper()
	select {
	case req := <-r.start:
		return req.GetHostToken()
	case <-time.After(patience):
		t.Fatal("it was not started")
		return ""
	}
}

func (r *raw) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return &pluginv1.DescribeResponse{Name: "raw", Version: "2", Kind: pluginv1.Kind_KIND_BRIDGE}, nil
}

func (r *raw) Start(_ context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	r.start <- req
	return &pluginv1.StartResponse{HttpAddr: "tcp:127.0.0.1:1"}, nil
}

func (r *raw) Stop(context.Context, *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	return &pluginv1.StopResponse{}, nil
}

func (r *raw) Inbound(stream pluginv1.Plugin_InboundServer) error {
	<-stream.Context().Done()
	return nil
}
