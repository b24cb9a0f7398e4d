package plugin

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

// Service is a plugin that is not launched: it serves the host over connections that come
// and go. Package remote connects it. Its bridge goes on from one connection to the next:
// what it reports waits for the next one, and what it has delivered is not delivered again
// because the answer was lost. An http.Handler of a bridge is not served.
type Service struct {
	describe *pluginv1.DescribeResponse
	make     func(ctx context.Context, config []byte, host Host) (Bridge, error)
	log      hclog.Logger
	memory   memory
	turns    turns

	mu     sync.Mutex
	now    *server // that of the bridge; nil: none
	config []byte
}

// NewService is for the plugin that the Spec says.
func NewService[C any](spec Spec[C], log hclog.Logger) (*Service, error) {
	fields, err := fieldsOf(reflect.TypeFor[C]())
	if err == nil && (spec.Name == "" || spec.New == nil) {
		err = errors.New("the Spec needs a Name and New")
	}
	if err != nil {
		return nil, err
	}
	return &Service{describe: describe(spec, fields), make: maker(spec, fields), log: log}, nil
}

// Connection is the service for one connection, which is one launch to the host.
func (s *Service) Connection() pluginv1.PluginServer { return &connection{s: s} }

// Close ends the bridge, after what is under way.
func (s *Service) Close(ctx context.Context) {
	s.mu.Lock()
	now := s.now
	s.now = nil
	s.mu.Unlock()
	if now != nil {
		_, _ = now.Stop(ctx, &pluginv1.StopRequest{}) // it has no other answer
		now.up.end()
	}
}

// start lets the bridge go on, where nothing but the connection is another, or makes one.
func (s *Service) start(ctx context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	s.mu.Lock()
	now, same := s.now, bytes.Equal(s.config, req.GetConfigJson())
	s.mu.Unlock()
	if now != nil && same && now.goesOn(req) {
		return now.renew(req), nil
	}
	s.Close(ctx)
	if !same {
		s.memory.clear() // it was done elsewhere
	}
	made := newServer(s.describe, s.log)
	made.make, made.remote, made.up.resumes = s.make, true, true
	answer, err := made.Start(ctx, req)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.config = made, req.GetConfigJson()
	return answer, nil
}

func (s *Service) current() (*server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil, status.Error(codes.FailedPrecondition, "the plugin has not been started")
	}
	return s.now, nil
}

// connection is one launch.
type connection struct {
	pluginv1.UnimplementedPluginServer
	s *Service

	mu      sync.Mutex
	started bool
}

func (c *connection) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return c.s.describe, nil
}

func (c *connection) Start(ctx context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started {
		return nil, status.Error(codes.FailedPrecondition, "the plugin was started before")
	}
	answer, err := c.s.start(ctx, req)
	c.started = err == nil
	return answer, err
}

// begun is the bridge's server, once this connection has started it.
func (c *connection) begun() (*server, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started {
		return nil, status.Error(codes.FailedPrecondition, "the plugin has not been started")
	}
	return c.s.current()
}

func (c *connection) Inbound(stream inboundStream) error {
	now, err := c.begun()
	if err != nil {
		return err
	}
	return now.Inbound(stream)
}

func (c *connection) Projects(ctx context.Context, req *pluginv1.ProjectsRequest) (*pluginv1.ProjectsResponse, error) {
	now, err := c.begun()
	if err != nil {
		return nil, err
	}
	return now.Projects(ctx, req)
}

func (c *connection) Check(ctx context.Context, req *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	now, err := c.begun()
	if err != nil {
		return nil, err
	}
	return now.Check(ctx, req)
}

func (c *connection) Stop(ctx context.Context, _ *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	c.s.Close(ctx)
	return &pluginv1.StopResponse{}, nil
}

// Deliver finishes what it has begun, also when the connection is cut meanwhile.
func (c *connection) Deliver(ctx context.Context, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	now, err := c.begun()
	if err != nil {
		return nil, err
	}
	if events := req.GetEvents(); len(events) == 1 && events[0].GetSeq() == 0 {
		return now.Deliver(ctx, req)
	}
	defer c.s.turns.take(req.GetSession().GetId())() // the call of a connection before may not be over
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	ctx, done := outlive(ctx)
	defer done()
	return c.s.deliver(ctx, now, req)
}

// deliver answers with the receipts of the first time for what comes again because the
// host did not get them.
func (s *Service) deliver(ctx context.Context, now *server, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	session := req.GetSession().GetId()
	known, partly := s.memory.of(session, req.GetEvents())
	if len(known) == len(req.GetEvents()) {
		return &pluginv1.DeliverResponse{Receipts: known}, nil
	}
	if len(known) > 0 || partly != nil {
		rest := proto.CloneOf(req)
		rest.Events = rest.Events[len(known):]
		for _, receipt := range known {
			if err := now.tellAgain(ctx, rest, receipt, receipt.GetSeq()); err != nil {
				return nil, err
			}
		}
		if partly != nil {
			if err := now.tellAgain(ctx, rest, partly, 0); err != nil {
				return nil, err
			}
		}
		req = rest
	}
	answer, err := now.Deliver(ctx, req)
	s.memory.keep(session, req.GetEvents(), answer.GetReceipts())
	return answer, err
}

// tellAgain records what the receipt says, for the host and for the events that follow.
// done is the event that is finished with it; zero: none is.
func (s *server) tellAgain(ctx context.Context, rest *pluginv1.DeliverRequest, receipt *pluginv1.Receipt, done int64) error {
	record := Record{SessionID: rest.GetSession().GetId(), Thread: receipt.GetThread(), Links: mapAll(receipt.GetLinks(), linkOf)}
	if err := s.host.record(ctx, record, done); err != nil {
		return statusOf(err, receipt.GetSeq())
	}
	if receipt.GetThread() != "" {
		rest.Thread = receipt.GetThread()
	}
	for _, l := range receipt.GetLinks() {
		same := func(had *pluginv1.Link) bool {
			return had.GetThread() == l.GetThread() && had.GetExternalId() == l.GetExternalId()
		}
		rest.Links = append(slices.DeleteFunc(rest.Links, same), l)
	}
	return nil
}

// callKey is where the context of a call is found that outlives its connection.
type callKey struct{}

// outlive is a context that goes on when the connection is cut, and ends when the host
// gives the call up.
func outlive(call context.Context) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(call), callKey{}, call))
	stop := context.AfterFunc(call, func() {
		if !errors.Is(context.Cause(call), remotev1.ErrCut) {
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

// wantedStill is why nobody waits for the call any more; nil: somebody does.
func wantedStill(ctx context.Context) error {
	if call, ok := ctx.Value(callKey{}).(context.Context); ok {
		return call.Err()
	}
	return ctx.Err()
}

// remembered is how many receipts a memory keeps.
const remembered = 10_000

// memory keeps the receipts of what was delivered last.
type memory struct {
	mu       sync.Mutex
	receipts map[delivered]receipt
	order    []delivered
}

type delivered struct {
	session string
	seq     int64
}

// receipt is of an event with the lines that it had.
type receipt struct {
	*pluginv1.Receipt
	lines []string
}

func linesOf(e *pluginv1.Event) (ids []string) {
	for _, m := range e.GetMore() {
		ids = append(ids, m.GetId())
	}
	return ids
}

// of are the receipts of the events at the beginning that come again and are known.
// partly is that of the event after them where it had other lines then: some of those that
// it has now may not have been delivered.
func (m *memory) of(session string, events []*pluginv1.Event) (known []*pluginv1.Receipt, partly *pluginv1.Receipt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		r, ok := m.receipts[delivered{session, e.GetSeq()}]
		switch {
		case !ok || !e.GetUncertain():
			return known, nil
		case !slices.Equal(r.lines, linesOf(e)):
			return known, r.Receipt
		}
		known = append(known, r.Receipt)
	}
	return known, nil
}

func (m *memory) keep(session string, events []*pluginv1.Event, receipts []*pluginv1.Receipt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.receipts == nil {
		m.receipts = map[delivered]receipt{}
	}
	for _, r := range receipts {
		key := delivered{session, r.GetSeq()}
		if m.receipts[key].Receipt == nil {
			m.order = append(m.order, key)
		}
		var lines []string
		if i := slices.IndexFunc(events, func(e *pluginv1.Event) bool { return e.GetSeq() == r.GetSeq() }); i >= 0 {
			lines = linesOf(events[i])
		}
		m.receipts[key] = receipt{r, lines}
	}
	for len(m.order) > remembered {
		delete(m.receipts, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *memory) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.receipts, m.order = nil, nil
}

// turns lets one at a time work on a session.
type turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

type turn struct {
	sync.Mutex
	users int
}

func (t *turns) take(session string) (leave func()) {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*turn{}
	}
	mine := t.held[session]
	if mine == nil {
		mine = &turn{}
		t.held[session] = mine
	}
	mine.users++
	t.mu.Unlock()
	mine.Lock()
	return func() {
		mine.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.held, session)
		}
	}
}
