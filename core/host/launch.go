package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
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
