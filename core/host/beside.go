package host

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// checkTimeout bounds the live calls of a plugin's Check.
const checkTimeout = time.Minute

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
