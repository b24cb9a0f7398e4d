package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// plugin speaks the protocol by itself, without the SDK, so that it can be wrong in every
// way. Without a fault it is right.
type plugin struct {
	pluginv1.UnimplementedPluginServer
	goplugin.NetRPCUnsupportedPlugin
	fault string
	log   hclog.Logger

	platform, token, host, hostToken string

	mu         sync.Mutex
	started    bool
	stopping   bool
	generation int64
	sessions   map[string]*sync.Mutex
	describes  int
	out        chan *pluginv1.InboundResponse
	ref        uint64
	waiting    map[uint64]chan *pluginv1.InboundRequest
	ending     context.Context
	end        context.CancelFunc
	underWay   sync.WaitGroup
}

// is reports whether the plugin is wrong in this way.
func (p *plugin) is(fault string) bool { return p.fault == fault }

// runPlugin is the main of the plugin's process.
func runPlugin(fault string) {
	p := &plugin{fault: fault, sessions: map[string]*sync.Mutex{}, out: make(chan *pluginv1.InboundResponse), waiting: map[uint64]chan *pluginv1.InboundRequest{}}
	p.ending, p.end = context.WithCancel(context.Background())
	p.log = hclog.New(&hclog.LoggerOptions{Name: "chat", Level: hclog.Debug, Output: os.Stderr, JSONFormat: true})
	handshake := goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue}
	switch {
	case p.is("runs by hand"):
		_ = os.Setenv(pluginv1.CookieKey, pluginv1.CookieValue)
	case p.is("greets on stdout"):
		fmt.Println("hello from the plugin")
	case p.is("speaks version 9"):
		handshake.ProtocolVersion = 9
	case p.is("listens elsewhere"):
		_ = os.Unsetenv(pluginv1.SocketDirEnv)
	case p.is("says nothing"):
		select {}
	}
	if os.Getenv(pluginv1.CookieKey) != "" && !p.is("outlives its host") {
		go watchParent()
	}
	if os.Getenv(pluginv1.CookieKey) != "" && p.is("logs plain text") {
		for i := range 20 {
			fmt.Fprintln(os.Stderr, "INFO starting up, step", i)
		}
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: goplugin.PluginSet{pluginv1.Name: p}, Logger: p.log,
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(2*pluginv1.MaxMessage))...)
		},
	})
}

func watchParent() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		<-time.After(200 * time.Millisecond)
	}
	os.Exit(3)
}

// GRPCServer registers the service.
func (p *plugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterPluginServer(s, p)
	return nil
}

// GRPCClient is for hosts.
func (p *plugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this is a plugin")
}

// Describe says what it is.
func (p *plugin) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	d := &pluginv1.DescribeResponse{
		Name: "chat", Version: "1.0", Kind: pluginv1.Kind_KIND_BRIDGE,
		Fields: []*pluginv1.Field{
			{Name: "platform", Type: pluginv1.FieldType_FIELD_TYPE_STRING, Required: true},
			{Name: "token", Type: pluginv1.FieldType_FIELD_TYPE_STRING, Required: true, Secret: true},
			{Name: "retries", Type: pluginv1.FieldType_FIELD_TYPE_INT, DefaultJson: "3"},
		},
		Events:      []string{"session.opened", "session.closed", "session.reopened", "message.posted", "message.edited", "message.deleted", "notice", "typing", pluginv1.ThreadErased},
		Limits:      []*pluginv1.Limit{{Scope: "chat", Calls: 1000, Per: durationpb.New(time.Second)}},
		PublicPaths: []string{"/hook"},
	}
	p.mu.Lock()
	p.describes++
	p.mu.Unlock()
	switch p.fault {
	case "changes its mind":
		d.Version = fmt.Sprintf("1.%d", p.describes)
	case "has no name":
		d.Name = "My Chat"
	case "has no version":
		d.Version = ""
	case "is of no kind":
		d.Kind = 0
	case "takes the core's field":
		d.Fields[2].Name = "pace"
	case "has a default of another type":
		d.Fields[2].DefaultJson = `"three"`
	case "tells its secret":
		d.Fields[1].Secret = false
	case "wants what there is not":
		d.Events = append(d.Events, "message.post")
	case "limits nothing":
		d.Limits[0].Calls = 0
	case "opens everything":
		d.PublicPaths = []string{"/"}
	case "cannot say what it cannot":
		d.Cannot = map[string]string{"edit": ""}
	}
	return d, nil
}

func fieldError(field, words string) error {
	return failure(codes.InvalidArgument, &pluginv1.Failure{Field: field, Reason: words}, 0)
}

// failure is a status with the core's details.
func failure(code codes.Code, f *pluginv1.Failure, wait time.Duration) error {
	st := status.New(code, f.GetReason())
	st, err := st.WithDetails(f)
	if wait > 0 && err == nil {
		st, err = st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	if err != nil {
		return err
	}
	return st.Err()
}

// Start takes the config.
func (p *plugin) Start(_ context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started && !p.is("starts twice") {
		return nil, status.Error(codes.FailedPrecondition, "it runs")
	}
	values := map[string]json.RawMessage{}
	if err := json.Unmarshal(req.GetConfigJson(), &values); err != nil {
		return nil, err
	}
	for name, into := range map[string]*string{"platform": &p.platform, "token": &p.token} {
		if json.Unmarshal(values[name], into) != nil {
			if p.is("names no field") {
				return nil, errors.New("the config is wrong")
			}
			return nil, fieldError(name, "is missing, or no string")
		}
	}
	if strings.Contains(p.token, " ") {
		if p.is("quotes secrets") {
			return nil, fieldError("token", p.token+" is no token")
		}
		return nil, fieldError("token", "is no token")
	}
	if p.is("dies of strange state") && len(req.GetState()["of a newer version"]) > 0 {
		panic("what is this?")
	}
	p.host, p.hostToken = req.GetHostAddr(), req.GetHostToken()
	if p.is("calls in Start") {
		if _, err := p.call(context.Background(), ask{Do: "open"}); err != nil {
			return nil, err
		}
	}
	p.logFaults()
	p.started, p.generation = true, req.GetGeneration()
	addr, err := p.serve()
	return &pluginv1.StartResponse{HttpAddr: addr}, err
}

func (p *plugin) logFaults() {
	switch p.fault {
	case "logs its secret":
		p.log.Info("connecting", "token", p.token)
	case "floods its log":
		for i := range 5000 {
			p.log.Debug("still here", "line", i)
		}
	}
}

// serve is its page, and a path for the platform.
func (p *plugin) serve() (string, error) {
	l, err := net.Listen("unix", filepath.Join(os.Getenv(pluginv1.SocketDirEnv), fmt.Sprintf("http%d.sock", time.Now().UnixNano())))
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		if p.is("shows its secret") {
			_, _ = fmt.Fprintln(w, "connected with", p.token)
		}
	})
	mux.HandleFunc("/hook", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.is("believes everybody"):
			w.WriteHeader(http.StatusOK)
		case p.is("fails for everybody"):
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	return "unix:" + l.Addr().String(), nil
}

// Projects takes those of its generation.
func (p *plugin) Projects(_ context.Context, req *pluginv1.ProjectsRequest) (*pluginv1.ProjectsResponse, error) {
	if req.GetGeneration() != p.generation && !p.is("takes old projects") {
		return nil, status.Error(codes.FailedPrecondition, "of another launch")
	}
	return &pluginv1.ProjectsResponse{}, nil
}

// Check calls the platform.
func (p *plugin) Check(ctx context.Context, _ *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	_, err := p.call(ctx, ask{Do: "edit"})
	f := &pluginv1.Finding{Name: "platform", Ok: kind(err) != pluginv1.FailureKind_FAILURE_KIND_RETRY, Text: fmt.Sprintf("it answers (%v)", err)}
	switch p.fault {
	case "finds nothing wrong":
		f.Ok = true
	case "finds without words":
		f.Text = ""
	}
	return &pluginv1.CheckResponse{Findings: []*pluginv1.Finding{f}}, nil
}

// Stop ends it.
func (p *plugin) Stop(ctx context.Context, _ *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	if p.is("never stops") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	p.mu.Lock()
	p.stopping = !p.is("works after Stop")
	p.mu.Unlock()
	if p.is("breaks off") {
		os.Exit(0)
	}
	p.underWay.Wait()
	p.end()
	time.AfterFunc(300*time.Millisecond, func() { os.Exit(0) })
	return &pluginv1.StopResponse{}, nil
}

func kind(err error) pluginv1.FailureKind {
	for _, d := range status.Convert(err).Details() {
		if f, ok := d.(*pluginv1.Failure); ok {
			return f.GetKind()
		}
	}
	return 0
}

// call asks the platform; its errors are the core's.
func (p *plugin) call(ctx context.Context, a ask) (string, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	if p.is("hears no deadline") {
		ctx = context.Background()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.platform, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, err.Error(), 0)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, err.Error(), 0)
	case resp.StatusCode == http.StatusTooManyRequests:
		return "", p.tooMany()
	case resp.StatusCode == http.StatusNotFound && a.Do == "post":
		return "", p.failed(codes.NotFound, pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE, "the thread is gone", 0)
	case resp.StatusCode == http.StatusNotFound:
		return "", nil // there is nothing to change
	case resp.StatusCode != http.StatusOK:
		return "", p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, resp.Status, 0)
	}
	return string(data), nil
}

func (p *plugin) tooMany() error {
	switch p.fault {
	case "tells no wait":
		return p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, "too many", 0)
	case "waits for nobody's scope":
		return failure(codes.ResourceExhausted, &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER, Scope: "chats", Reason: "too many"}, time.Second)
	}
	return failure(codes.ResourceExhausted, &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER, Scope: "chat", Reason: "too many"}, time.Second)
}

func (p *plugin) failed(code codes.Code, kind pluginv1.FailureKind, words string, wait time.Duration) error {
	switch {
	case p.is("fails without words"):
		return status.Error(codes.Unknown, words)
	case p.is("gives up at once") && kind != pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		kind = pluginv1.FailureKind_FAILURE_KIND_PERMANENT
	case p.is("knows no gone thread") && kind == pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		kind = pluginv1.FailureKind_FAILURE_KIND_RETRY
	}
	return failure(code, &pluginv1.Failure{Kind: kind, Reason: words}, wait)
}
