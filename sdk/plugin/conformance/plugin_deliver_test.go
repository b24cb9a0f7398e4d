package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Deliver brings the events to the platform, one after the other.
func (p *plugin) Deliver(ctx context.Context, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	p.mu.Lock()
	started, stopping, generation := p.started, p.stopping, p.generation
	p.mu.Unlock()
	switch {
	case !started && p.is("delivers before Start"):
		return &pluginv1.DeliverResponse{}, nil
	case !started:
		return nil, status.Error(codes.FailedPrecondition, "it was not started")
	case stopping:
		return nil, status.Error(codes.Unavailable, "it stops")
	case generation != req.GetGeneration() && !p.is("takes any generation"):
		return nil, status.Error(codes.FailedPrecondition, "of another launch")
	}
	p.underWay.Add(1)
	defer p.underWay.Done()
	id := req.GetSession().GetId()
	if p.is("does one at a time") {
		id = "all"
	}
	one := p.of(id)
	one.Lock()
	defer one.Unlock()
	if e := req.GetEvents()[0]; e.GetSeq() == 0 {
		return p.live(ctx, req, e)
	}
	r := &run{p: p, req: req, thread: req.GetThread(), links: slices.Clone(req.GetLinks())}
	return r.all(ctx)
}

func (p *plugin) of(id string) *sync.Mutex {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions[id] == nil {
		p.sessions[id] = &sync.Mutex{}
	}
	return p.sessions[id]
}

func (p *plugin) live(ctx context.Context, req *pluginv1.DeliverRequest, e *pluginv1.Event) (*pluginv1.DeliverResponse, error) {
	switch {
	case e.GetType() != pluginv1.ThreadErased && p.is("receipts typing"):
		return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{Seq: 1}}}, nil
	case e.GetType() != pluginv1.ThreadErased:
		return &pluginv1.DeliverResponse{}, nil
	case p.is("erases nothing"):
		return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{}}}, nil
	}
	if _, err := p.call(ctx, ask{Do: "erase", Thread: req.GetThread()}); err != nil {
		return nil, err
	}
	return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{Thread: req.GetThread()}}}, nil
}

// run is one call.
type run struct {
	p       *plugin
	req     *pluginv1.DeliverRequest
	thread  string
	links   []*pluginv1.Link
	receipt *pluginv1.Receipt
}

func (r *run) all(ctx context.Context) (*pluginv1.DeliverResponse, error) {
	p, answer, events := r.p, &pluginv1.DeliverResponse{}, r.req.GetEvents()
	if p.is("turns around") {
		slices.Reverse(events)
	}
	for i, e := range events {
		r.receipt = &pluginv1.Receipt{Seq: e.GetSeq(), Calls: 1}
		if err := r.deliver(ctx, e); err != nil {
			return nil, err
		}
		if p.is("answers for others") {
			r.receipt.Seq += 1000
		}
		answer.Receipts = append(answer.Receipts, r.receipt)
		if i < len(events)-1 && !p.is("records nothing") {
			if err := p.record(ctx, &pluginv1.Record{SessionId: r.req.GetSession().GetId(), Thread: r.receipt.GetThread(), Links: r.receipt.GetLinks(), Done: e.GetSeq()}); err != nil {
				return nil, err
			}
		}
	}
	if p.is("forgets receipts") {
		answer.Receipts = nil
	}
	return answer, nil
}

// parts are the links of a message.
func (r *run) parts(id string) (parts []*pluginv1.Link) {
	for _, l := range r.links {
		if l.GetMessageId() == id && !l.GetDeleted() {
			parts = append(parts, l)
		}
	}
	return parts
}

func (r *run) deliver(ctx context.Context, e *pluginv1.Event) error {
	p := r.p
	if p.is("needs a visitor") && r.req.GetSession().GetVisitor() == nil {
		panic("no visitor")
	}
	if p.is("needs words it knows") && e.GetType() == "something.new" {
		panic("unknown event")
	}
	if r.thread == "" || p.is("opens thread after thread") {
		if err := r.open(ctx); err != nil {
			return err
		}
	}
	m := e.GetMessage()
	switch e.GetType() {
	case "message.posted":
		if m.GetDeleted() && !p.is("shows what is deleted") {
			return nil
		}
		return r.post(ctx, m)
	case "notice":
		var d struct{ Text string }
		_ = json.Unmarshal(e.GetData(), &d)
		_, err := p.call(ctx, ask{Do: "post", Thread: r.thread, Text: d.Text})
		return err
	case "message.edited", "message.deleted":
		return r.change(ctx, e.GetType(), m)
	}
	return nil
}

func (r *run) open(ctx context.Context) (err error) {
	if r.p.is("knows one thread") {
		r.thread, r.receipt.Thread = "T0", "T0"
		return nil
	}
	r.thread, err = r.p.call(ctx, ask{Do: "open"})
	r.receipt.Thread = r.thread
	return err
}

func (r *run) change(ctx context.Context, kind string, m *pluginv1.Message) error {
	if kind == "message.edited" && r.p.is("edits nothing") || kind == "message.deleted" && r.p.is("deletes nothing") {
		return nil
	}
	for _, l := range r.parts(m.GetId()) {
		a := ask{Do: "edit", Thread: r.thread, ID: l.GetExternalId(), Text: m.GetText()}
		if kind == "message.deleted" {
			a.Do = "delete"
		}
		if _, err := r.p.call(ctx, a); err != nil {
			return err
		}
		r.receipt.Links = append(r.receipt.Links, &pluginv1.Link{Thread: r.thread, ExternalId: l.GetExternalId(), MessageId: m.GetId(), Deleted: m.GetDeleted()})
	}
	return nil
}

// longest is what the platform takes in one message.
const longest = 4000

func (r *run) post(ctx context.Context, m *pluginv1.Message) error {
	p, known, text := r.p, r.parts(m.GetId()), m.GetText()
	if p.is("cuts texts") {
		text = text[:min(len(text), longest)]
	}
	if p.is("shows ASCII") {
		text = strings.Map(func(c rune) rune {
			if c > 127 {
				return '?'
			}
			return c
		}, text)
	}
	file := ""
	if len(m.GetAttachments()) > 0 && !p.is("drops files") {
		name, err := p.fetch(ctx, m.GetAttachments()[0])
		if err != nil {
			return err
		}
		file = name
	}
	for part := 0; part == 0 || text != ""; part++ {
		piece := text[:min(len(text), longest)]
		text = text[len(piece):]
		if part < len(known) && !p.is("sends twice") {
			continue
		}
		id, err := p.call(ctx, ask{Do: "post", Thread: r.thread, Text: piece, File: file})
		if err != nil {
			return err
		}
		r.link(m, part, id)
		if p.is("echoes") {
			p.hear(update{Kind: "message", Thread: r.thread, ID: id, Text: piece, By: "bot"})
		}
	}
	return nil
}

func (r *run) link(m *pluginv1.Message, part int, id string) {
	l := &pluginv1.Link{Thread: r.thread, ExternalId: id, MessageId: m.GetId(), Part: int32(part)}
	switch r.p.fault {
	case "links nothing":
		return
	case "counts backwards":
		l.ExternalId = fmt.Sprint(1_000_000_000 - time.Now().UnixMicro()%1_000_000_000)
	case "numbers parts from 7":
		l.Part += 7
	case "links to nobody":
		l.MessageId = "msg_of_nobody"
	}
	r.receipt.Links = append(r.receipt.Links, l)
}

// fetch reads a file from the host; one that is no more is a name.
func (p *plugin) fetch(ctx context.Context, a *pluginv1.Attachment) (string, error) {
	resp, err := p.ask(ctx, http.MethodGet, "/files/"+a.GetId(), nil)
	if err != nil {
		return "", p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, err.Error(), 0)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 500 {
		return "", p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, resp.Status, 0)
	}
	return a.GetName(), nil
}

// ask calls the host's HTTP socket.
func (p *plugin) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	network, addr, _ := strings.Cut(p.host, ":")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}}
	req, err := http.NewRequestWithContext(ctx, method, "http://host"+path, body)
	if err != nil {
		return nil, err
	}
	if !p.is("shows no token") {
		req.Header.Set("Authorization", "Bearer "+p.hostToken)
	}
	return client.Do(req)
}

func (p *plugin) record(ctx context.Context, r *pluginv1.Record) error {
	item := &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_Record{Record: r}}
	if p.is("waits for no ack") {
		go func() { _, _ = p.send(ctx, item) }()
		return nil
	}
	ack, err := p.send(ctx, item)
	if err == nil && ack.GetFailure() != nil {
		err = p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, ack.GetFailure().GetReason(), 0)
	}
	if err != nil && status.Code(err) == codes.Unknown {
		return p.failed(codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY, err.Error(), 0)
	}
	return err
}

// send hands an item over and waits for its ack.
func (p *plugin) send(ctx context.Context, item *pluginv1.InboundResponse) (*pluginv1.InboundRequest, error) {
	acked := make(chan *pluginv1.InboundRequest, 1)
	p.mu.Lock()
	if !p.is("counts no refs") {
		p.ref++
	}
	item.Ref = p.ref
	p.waiting[p.ref] = acked
	p.mu.Unlock()
	select {
	case p.out <- item:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case ack := <-acked:
		return ack, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
