package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

const defaultParallel = 16

// launch is a plugin that has been started.
type launch struct {
	*peer
	socket     *socket
	generation int64
	page       http.Handler    // its own HTTP; nil: none
	hook       bool            // it only listens
	joins      bool            // one call may deliver a whole run
	lines      bool            // lines that wait for quota come as one event
	wanted     map[string]bool // nil: every stored event
	calls      sync.WaitGroup
	heard      chan struct{} // closed when the last inbound has been handled
	slots      chan struct{} // one for each call under way
	lives      chan struct{} // the same, of what is told at once or not at all

	telling  sync.Mutex
	projects []*pluginv1.Project // that it was told of
}

// stop lets the plugin finish what is under way, and ends it. Its last answers may
// still be on their way when it says that it is done.
func (l *launch) stop() {
	l.drain(stopPlugin)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		l.calls.Wait()
	}()
	within(answered, stopAnswers)
	l.kill()
}

// begin launches the plugin and hands over its config. What it receives begins with
// the Inbound stream.
func (r *runner) begin(ctx context.Context, spec *Spec, generation int64) (*launch, error) {
	p, err := r.peer(ctx, spec)
	if err != nil {
		return nil, err
	}
	l, err := r.h.configure(ctx, p, spec, r.plog, generation)
	if err != nil {
		return nil, cutOr(p, err)
	}
	scopes := declared(l.desc.GetLimits())
	limits, err := r.spec.limits(scopes)
	r.hook.Store(l.hook)
	if err == nil {
		err = r.openInbound(l)
	}
	if err != nil {
		l.kill()
		_ = l.socket.Close()
		return nil, err
	}
	r.limits.set(limits, scopes)
	l.lines = l.desc.GetJoins() && !l.joins && len(limits) > 0 // with no quota to keep, nothing waits for it
	return l, nil
}

// configure starts a plugin that has said what it is, and serves it the host's HTTP
// socket.
func (h *Host) configure(ctx context.Context, p *peer, spec *Spec, log *pluginLog, generation int64) (_ *launch, err error) {
	l := newLaunch(p, spec.Events, generation)
	if spec.remote() {
		l.socket = h.remoteSocket(spec, generation)
	} else if l.socket, err = h.listen(spec, p.dir); err != nil {
		p.kill()
		return nil, fmt.Errorf("the host's socket for the plugin: %w", err)
	}
	if err := h.handOver(ctx, spec, log, l); err != nil {
		if p.refuse != nil {
			p.refuse(remotev1.CloseRefused, log.clean(err.Error()))
		}
		p.kill()
		_ = l.socket.Close()
		return nil, err
	}
	return l, nil
}

func newLaunch(p *peer, chosen []string, generation int64) *launch {
	parallel := int(p.desc.GetParallel())
	if parallel <= 0 {
		parallel = defaultParallel
	}
	l := &launch{peer: p, generation: generation, slots: make(chan struct{}, parallel), lives: make(chan struct{}, 4), heard: make(chan struct{})}
	l.hook = p.desc.GetKind() == pluginv1.Kind_KIND_HOOK
	l.wanted = wantedOf(p.desc.GetEvents(), chosen)
	return l
}

// wantedOf are the types that the plugin takes and that its block has chosen, where it
// has; nil: every stored event.
func wantedOf(takes, chosen []string) map[string]bool {
	if len(takes) == 0 {
		takes = chosen
	}
	if len(takes) == 0 {
		return nil
	}
	wanted := map[string]bool{}
	for _, e := range takes {
		if chosen == nil || slices.Contains(chosen, e) {
			wanted[e] = true
		}
	}
	return wanted
}

// handOver checks the config against the declared fields and starts the plugin.
func (h *Host) handOver(ctx context.Context, spec *Spec, log *pluginLog, l *launch) error {
	if kind := kindOf(l.desc); spec.Kind != "" && spec.Kind != kind {
		return &ConfigError{Reason: fmt.Sprintf("the plugin is a %s: write %s %q { … }", kind, kind, spec.Plugin)}
	}
	if declares := l.desc.GetAsVisitor(); declares != spec.AsVisitor {
		reason := fmt.Sprintf("%s posts what it receives as the visitor: write as_visitor = true into its block if it may", spec.Plugin)
		if !declares {
			reason = fmt.Sprintf("%s never speaks as a visitor: leave as_visitor out", spec.Plugin)
		}
		return &ConfigError{Field: "as_visitor", Reason: reason}
	}
	if l.wanted != nil && len(l.wanted) == 0 {
		return &ConfigError{Field: "events", Reason: fmt.Sprintf("%s takes none of these: it takes %s", spec.Plugin, strings.Join(l.desc.GetEvents(), ", "))}
	}
	fields := fieldsOf(l.desc.GetFields())
	config, err := spec.config(fields)
	if err != nil {
		return err
	}
	log.hide(secretsOf(fields, config))
	var state map[string][]byte
	if h.o.Store != nil {
		if state, err = h.o.Store.State(ctx, spec.ID); err != nil {
			return fmt.Errorf("what the plugin has saved cannot be read: %w", err)
		}
	}
	req := &pluginv1.StartRequest{
		ConfigJson: config, State: state, HostAddr: l.socket.addr, HostToken: l.socket.token,
		BridgeId: spec.ID, Generation: l.generation, Projects: spec.projectsToWire(),
	}
	l.projects = req.Projects
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	answer, err := l.rpc.Start(ctx, req)
	if status.Code(err) == codes.Unavailable {
		l.kill() // it has ended: what it said last is read then
		err = log.said(err)
	}
	if err != nil {
		return startError(log, err)
	}
	l.joins = answer.GetJoinsRuns()
	if !spec.remote() { // what a remote plugin calls its address would be one of ours
		l.page = h.proxyTo(spec.ID, answer.GetHttpAddr())
	}
	return nil
}

func startError(log *pluginLog, err error) error {
	words := log.clean(status.Convert(err).Message())
	if f, _ := failureOf(err); f != nil && f.GetField() != "" {
		return &ConfigError{Field: f.GetField(), Reason: words}
	}
	if f, _ := failureOf(err); f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_UNUSABLE {
		return &unusableError{words}
	}
	return fmt.Errorf("the plugin does not start: %s", words)
}

// secretsOf are the values that must not be logged.
func secretsOf(fields []Field, config []byte) []string {
	values := map[string]json.RawMessage{}
	if json.Unmarshal(config, &values) != nil {
		return nil
	}
	var secrets []string
	for _, f := range fields {
		var one string
		var many []string
		if !f.Secret {
			continue
		}
		if json.Unmarshal(values[f.Name], &one) == nil {
			secrets = append(secrets, one)
		} else if json.Unmarshal(values[f.Name], &many) == nil {
			secrets = append(secrets, many...)
		}
	}
	return secrets
}

// wants reports whether the plugin is to get events of the type.
func (l *launch) wants(kind core.EventType) bool { return l.wanted == nil || l.wanted[string(kind)] }

// How often a plugin is asked whether it is well, and how many answers it may owe.
const (
	healthEvery   = time.Second
	healthTimeout = 3 * time.Second
	healthMisses  = 4
)

// checkTimeout bounds the live calls of a plugin's Check.
const checkTimeout = time.Minute

var errHung = errors.New("the plugin did not answer any more")

// watchHealth gives a launch up that answers nothing any more: it is killed then,
// and launched again.
func (r *runner) watchHealth(l *launch) {
	if r.spec.Debugged {
		return
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-l.ended.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(l.ended, healthTimeout)
		_, err := l.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		timedOut := errors.Is(ctx.Err(), context.DeadlineExceeded)
		cancel()
		switch {
		case err == nil && missed > 0:
			missed = 0
			r.recovered()
		case timedOut:
			missed++
			r.say(stateDegraded, "the plugin does not answer")
		}
		if missed >= healthMisses {
			l.giveUp(errHung)
			return
		}
	}
}

// Finding is one thing that a check looked at.
type Finding struct {
	OK   bool
	Name string
	Text string // what was found, and what to do when it is not OK
}

// Check launches the plugin with its config, beside one that may be running, asks
// what it finds, and ends it. An error means that it did not come to that.
func (h *Host) Check(ctx context.Context, spec Spec) (findings []Finding, err error) {
	err = h.beside(ctx, spec, func(l *launch, log *pluginLog) error {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		answer, err := l.rpc.Check(ctx, &pluginv1.CheckRequest{})
		if err != nil {
			return fmt.Errorf("the plugin's check failed: %s", log.clean(status.Convert(err).Message()))
		}
		findings = findingsOf(answer, log)
		return nil
	})
	return findings, err
}

func findingsOf(answer *pluginv1.CheckResponse, log *pluginLog) (findings []Finding) {
	for _, f := range answer.GetFindings() {
		findings = append(findings, Finding{OK: f.GetOk(), Name: f.GetName(), Text: log.clean(f.GetText())})
	}
	return findings
}

// Try launches the plugin with its config and ends it, without live calls. It
// reports whether the plugin serves pages; an error says what is wrong with the
// binary or the config.
func (h *Host) Try(ctx context.Context, spec Spec) (pages bool, err error) {
	err = h.beside(ctx, spec, func(l *launch, _ *pluginLog) error {
		pages = l.page != nil && servesPage(ctx, l.page)
		return nil
	})
	return pages, err
}

// servesPage asks for the first page: a plugin may have a handler for its
// platform's calls alone.
func servesPage(ctx context.Context, page http.Handler) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return false
	}
	answer := &statusOnly{header: http.Header{}}
	page.ServeHTTP(answer, r)
	return answer.status != http.StatusNotFound
}

// statusOnly is an http.ResponseWriter that keeps the first status.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header { return s.header }

func (s *statusOnly) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }

// beside runs fn with a plugin that was started and takes no part: it receives
// nothing and is owed nothing.
func (h *Host) beside(ctx context.Context, spec Spec, fn func(*launch, *pluginLog) error) error {
	log := newPluginLog(h.log, spec.ID)
	if spec.remote() {
		return errRemote
	}
	p, err := h.start(&spec, log)
	if err != nil {
		return err
	}
	l, err := h.configure(ctx, p, &spec, log, 0)
	if err != nil {
		return err
	}
	defer func() {
		l.stop()
		_ = l.socket.Close()
	}()
	if _, err := spec.limits(declared(l.desc.GetLimits())); err != nil {
		return err
	}
	return fn(l, log)
}

// Description is what a plugin says of itself.
type Description struct {
	Name, Version string
	Kind          string // bridge, hook
	Fields        []Field
	Events        []string // empty: all
	Limits        []string // "20/1m0s", with the scope when there is one
	PublicPaths   []string
	AsVisitor     bool // it posts what it receives as the visitor
}

func kindOf(d *pluginv1.DescribeResponse) string {
	if d.GetKind() == pluginv1.Kind_KIND_HOOK {
		return kindHook
	}
	return "bridge"
}

// Describe launches the binary without a config and asks what it is.
func (h *Host) Describe(ctx context.Context, path string, args ...string) (*Description, error) {
	return h.DescribeSpec(ctx, Spec{Path: path, Args: args})
}

// DescribeSpec is Describe of a program with limits, or one that is pinned.
func (h *Host) DescribeSpec(_ context.Context, spec Spec) (*Description, error) {
	spec.ID = "plugin"
	p, err := h.start(&spec, newPluginLog(h.log, spec.Path))
	if err != nil {
		return nil, err
	}
	defer p.kill()
	d := &Description{
		Name: p.desc.GetName(), Version: p.desc.GetVersion(), Kind: kindOf(p.desc), Fields: fieldsOf(p.desc.GetFields()),
		Events: p.desc.GetEvents(), PublicPaths: slices.Clone(p.desc.GetPublicPaths()), AsVisitor: p.desc.GetAsVisitor(),
	}
	for _, l := range p.desc.GetLimits() {
		words := fmt.Sprintf("%d/%s", l.GetCalls(), l.GetPer().AsDuration())
		if l.GetScope() != "" {
			words = l.GetScope() + " " + words
		}
		if len(l.GetEvents()) > 0 {
			words += " for " + strings.Join(l.GetEvents(), ", ")
		}
		d.Limits = append(d.Limits, words)
	}
	return d, nil
}
