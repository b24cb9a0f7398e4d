package conformance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Inbound carries items, and polls.
func (p *plugin) Inbound(stream grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]) error {
	ended := make(chan error, 2)
	go func() {
		for {
			ack, err := stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			p.mu.Lock()
			acked := p.waiting[ack.GetRef()]
			p.mu.Unlock()
			switch {
			case acked != nil:
				select {
				case acked <- ack:
				default:
				}
			case p.is("dies of strange acks"):
				panic("whose ack is this?")
			}
		}
	}()
	go p.poll()
	for {
		select {
		case err := <-ended:
			return err
		case <-p.ending.Done():
			return nil
		case item := <-p.out:
			if err := stream.Send(item); err != nil {
				return err
			}
		}
	}
}

// poll takes what happens on the platform, one after the other.
func (p *plugin) poll() {
	after := 0
	for p.ending.Err() == nil {
		updates, err := p.updates(after)
		if err != nil {
			<-time.After(20 * time.Millisecond)
			continue
		}
		for _, u := range updates {
			if p.is("acks before the commit") {
				_, _ = p.updates(u.No)
			}
			if !p.hear(u) {
				break
			}
			after = u.No
		}
	}
}

func (p *plugin) updates(after int) (all []update, err error) {
	req, err := http.NewRequestWithContext(p.ending, http.MethodGet, p.platform+"/updates?after="+fmt.Sprint(after), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return all, json.NewDecoder(resp.Body).Decode(&all)
}

var inboundKinds = map[string]pluginv1.InboundKind{
	"message": pluginv1.InboundKind_INBOUND_KIND_MESSAGE, "edit": pluginv1.InboundKind_INBOUND_KIND_EDIT, "delete": pluginv1.InboundKind_INBOUND_KIND_DELETE,
	"close": pluginv1.InboundKind_INBOUND_KIND_CLOSE, "reopen": pluginv1.InboundKind_INBOUND_KIND_REOPEN,
}

// hear hands an update over, and reports whether it is done with it.
func (p *plugin) hear(u update) (done bool) {
	in, err := p.inboundOf(u)
	if err != nil {
		return false
	}
	if in == nil {
		return true
	}
	ack, err := p.send(p.ending, &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_Inbound{Inbound: in}})
	switch {
	case err != nil:
		return false
	case ack.GetFailure().GetKind() == pluginv1.FailureKind_FAILURE_KIND_RETRY:
		return p.is("gives up what is busy")
	case ack.GetFailure() != nil && p.is("knows no refusal"):
		return false
	}
	return true
}

func (p *plugin) inboundOf(u update) (*pluginv1.Inbound, error) {
	kind, ok := inboundKinds[u.Kind]
	switch {
	case !ok && p.is("dies of oddities"):
		panic("what is " + u.Kind)
	case !ok:
		return nil, nil
	case kind == pluginv1.InboundKind_INBOUND_KIND_CLOSE && p.is("hears no close"), kind == pluginv1.InboundKind_INBOUND_KIND_DELETE && p.is("hears no delete"):
		return nil, nil
	}
	in := &pluginv1.Inbound{
		EffectKey: fmt.Sprintf("%s:%s:%d", u.Kind, u.ID, u.Mark), Kind: kind, Thread: u.Thread, ExternalId: u.ID, ReplyTo: u.To, Text: u.Text,
		Operator: &pluginv1.Operator{Id: "u-" + u.By, Name: u.By},
	}
	if kind == pluginv1.InboundKind_INBOUND_KIND_EDIT {
		in.Revision = fmt.Sprint(u.Mark)
	}
	if u.File != nil {
		id, err := p.upload(u.File.Name, u.File.Data)
		if err != nil {
			return nil, err
		}
		in.Files = []string{id}
	}
	p.twist(in, u)
	return in, nil
}

// twist makes an inbound wrong.
func (p *plugin) twist(in *pluginv1.Inbound, u update) {
	switch p.fault {
	case "keys by chance":
		in.EffectKey = fmt.Sprint(time.Now().UnixNano())
	case "keys by thread":
		in.EffectKey = u.Thread
	case "keys by arrival":
		in.EffectKey = fmt.Sprint(u.No)
	case "keys by message":
		in.EffectKey = u.ID
	case "knows no operator":
		in.Operator = nil
	case "quotes nothing":
		in.ReplyTo = ""
	case "uploads nothing":
		if u.File != nil {
			in.Files = []string{"att_of_nobody"}
		}
	case "shouts":
		in.Text = strings.ToUpper(in.Text)
	}
}

func (p *plugin) upload(name string, data []byte) (string, error) {
	resp, err := p.ask(p.ending, http.MethodPost, "/files?name="+url.QueryEscape(name), strings.NewReader(string(data)))
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var a pluginv1.Attachment
	err = protojson.Unmarshal(body, &a)
	return a.GetId(), err
}
