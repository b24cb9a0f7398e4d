package plugin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// How long Stop waits for what is under way, and how long an end that nobody
// asked for may take.
const (
	drainTimeout = 5 * time.Second
	endTimeout   = 2 * time.Second
)

// server is the wire's side of a Bridge.
type server struct {
	pluginv1.UnimplementedPluginServer
	describe *pluginv1.DescribeResponse
	make     func(ctx context.Context, config []byte, host Host) (Bridge, error)
	exit     func(code int)
	log      hclog.Logger
	up       *uplink
	remote   bool // it is not launched: Inbound may be opened again, and its HTTP is its own affair

	// run is the life of Run: it ends with Stop.
	run     context.Context
	stopRun context.CancelFunc
	ran     chan struct{} // closed when Run has returned, or never began

	mu         sync.Mutex
	bridge     Bridge
	host       *wireHost
	generation int64
	stopping   bool
	running    bool       // Run has begun, or there is none
	over       bool       // the bridge has ended by itself
	ended      chan error // why it has
	underWay   sync.WaitGroup
}

func newServer(d *pluginv1.DescribeResponse, log hclog.Logger) *server {
	run, stop := context.WithCancel(context.Background())
	return &server{describe: d, log: log, up: newUplink(), run: run, stopRun: stop, ran: make(chan struct{}), ended: make(chan error, 1), exit: func(int) {}}
}

// Describe says what the plugin is.
func (s *server) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return s.describe, nil
}

// Start makes the bridge. What it receives begins with the Inbound stream, so
// that a check can start it without taking part.
func (s *server) Start(_ context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bridge != nil {
		return nil, status.Error(codes.FailedPrecondition, "the plugin was started before")
	}
	host := newWireHost(req, s.up, s.log)
	bridge, err := s.make(s.run, req.GetConfigJson(), host)
	if err != nil {
		return nil, statusOf(err, 0)
	}
	addr := ""
	if handler, ok := bridge.(http.Handler); ok && !s.remote {
		if addr, err = serveHTTP(handler, s.log); err != nil {
			return nil, status.Errorf(codes.Internal, "its HTTP socket: %v", err)
		}
	}
	s.bridge, s.host, s.generation = bridge, host, req.GetGeneration()
	_, joins := bridge.(RunDeliverer)
	return &pluginv1.StartResponse{HttpAddr: addr, JoinsRuns: joins}, nil
}

// Inbound carries what the bridge reports, and runs the bridge.
func (s *server) Inbound(stream inboundStream) error {
	bridge, err := s.started()
	if err != nil {
		return err
	}
	cut := make(chan error, 1)
	go func() { cut <- s.up.serve(stream) }()
	s.runOnce(bridge)
	select {
	case err = <-cut:
	case err = <-s.ended:
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// runOnce runs the bridge when the first stream is opened.
func (s *server) runOnce(bridge Bridge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return
	}
	s.running = true
	if runner, ok := bridge.(Runner); ok {
		go func() { s.ended <- s.runBridge(runner) }()
	} else {
		close(s.ran)
	}
}

// goesOn reports whether the bridge may go on over another connection.
func (s *server) goesOn(req *pluginv1.StartRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopping && !s.over && s.host.bridgeID == req.GetBridgeId() && s.host.knows(req.GetState())
}

// renew goes on over another connection.
func (s *server) renew(req *pluginv1.StartRequest) *pluginv1.StartResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation = req.GetGeneration()
	s.host.move(req.GetHostAddr(), req.GetHostToken())
	s.host.serve(mapAll(req.GetProjects(), projectOf))
	_, joins := s.bridge.(RunDeliverer)
	return &pluginv1.StartResponse{JoinsRuns: joins}
}

// runBridge returns only what ends the plugin: Run came back before it should.
func (s *server) runBridge(r Runner) error {
	err := r.Run(s.run)
	close(s.ran)
	if s.run.Err() != nil {
		<-s.up.closed // Stop ends the stream
		return nil
	}
	if err == nil {
		err = errors.New("the bridge stopped receiving")
	}
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	level := hclog.Error
	if f := (*Failure)(nil); errors.As(err, &f) && f.Kind == FailureUnusable {
		level = hclog.Info // the host says so, once
	}
	s.log.Log(level, "the bridge ended by itself", "error", err)
	time.AfterFunc(endTimeout, func() { s.exit(1) }) // the host ends it first, as a rule
	return statusOf(err, 0)
}

// Projects takes the projects that the bridge serves from now on.
func (s *server) Projects(_ context.Context, req *pluginv1.ProjectsRequest) (*pluginv1.ProjectsResponse, error) {
	_, host, err := s.begin(req.GetGeneration())
	if err != nil {
		return nil, err
	}
	defer s.underWay.Done()
	host.serve(mapAll(req.GetProjects(), projectOf))
	return &pluginv1.ProjectsResponse{}, nil
}

// Check asks the bridge whether it would work.
func (s *server) Check(ctx context.Context, _ *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	bridge, err := s.started()
	if err != nil {
		return nil, err
	}
	checker, ok := bridge.(Checker)
	if !ok {
		return &pluginv1.CheckResponse{}, nil
	}
	return &pluginv1.CheckResponse{Findings: mapAll(checker.Check(ctx), findingToWire)}, nil
}

// Stop lets what is under way finish and ends the process soon after it answered.
func (s *server) Stop(ctx context.Context, _ *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	s.mu.Lock()
	bridge, streaming := s.bridge, false
	s.stopping = true
	s.mu.Unlock()
	s.stopRun()
	select {
	case <-s.up.opened:
		streaming = true
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.underWay.Wait()
		if streaming {
			<-s.ran
		}
		if closer, ok := bridge.(io.Closer); ok {
			if err := closer.Close(); err != nil {
				s.log.Warn("closing the bridge", "error", err)
			}
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.log.Warn("the bridge did not finish in time")
	}
	time.AfterFunc(endTimeout, func() { s.exit(0) })
	return &pluginv1.StopResponse{}, nil
}

func (s *server) started() (Bridge, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bridge == nil {
		return nil, status.Error(codes.FailedPrecondition, "the plugin has not been started")
	}
	return s.bridge, nil
}

// begin counts a delivery in, unless it comes too late or from an older host.
func (s *server) begin(generation int64) (Bridge, *wireHost, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.bridge == nil:
		return nil, nil, status.Error(codes.FailedPrecondition, "the plugin has not been started")
	case s.stopping:
		return nil, nil, status.Error(codes.Unavailable, "the plugin is stopping")
	case generation != s.generation:
		return nil, nil, status.Errorf(codes.FailedPrecondition, "generation %d is not the launch's %d", generation, s.generation)
	}
	s.underWay.Add(1)
	return s.bridge, s.host, nil
}
