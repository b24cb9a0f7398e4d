package plugin

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// wireHost is the Host of a bridge in its own process.
type wireHost struct {
	*hostHTTP
	up       *uplink
	bridgeID string
	log      hclog.Logger

	mu       sync.Mutex
	projects []Project
	state    map[string][]byte
	saving   map[string][]byte // on its way
	runs     map[string]*run   // deliveries under way, by session
}

func newWireHost(req *pluginv1.StartRequest, up *uplink, log hclog.Logger) *wireHost {
	h := &wireHost{
		hostHTTP: newHostHTTP(req.GetHostAddr(), req.GetHostToken()),
		up:       up, bridgeID: req.GetBridgeId(), log: log,
		projects: mapAll(req.GetProjects(), projectOf), state: map[string][]byte{}, saving: map[string][]byte{}, runs: map[string]*run{},
	}
	maps.Copy(h.state, req.GetState())
	return h
}

func (h *wireHost) Receive(ctx context.Context, in Inbound) (Ack, error) {
	ack, err := h.up.call(ctx, &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_Inbound{Inbound: inboundToWire(in)}})
	if err != nil {
		return Ack{}, err
	}
	return Ack{SessionID: ack.GetSessionId(), MessageID: ack.GetMessageId(), Seq: ack.GetSeq(), Repeated: ack.GetRepeated()}, nil
}

func (h *wireHost) Record(ctx context.Context, r Record) error { return h.record(ctx, r, 0) }

// record keeps what was made; done is the event that is finished with it.
func (h *wireHost) record(ctx context.Context, r Record, done int64) error {
	_, err := h.up.call(ctx, &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_Record{Record: recordToWire(r, done)}})
	if err != nil {
		return err
	}
	h.mu.Lock()
	under := h.runs[r.SessionID]
	h.mu.Unlock()
	if under != nil {
		under.learn(r)
	}
	return nil
}

func (h *wireHost) SaveState(ctx context.Context, key string, value []byte) error {
	value = slices.Clone(value)
	h.mu.Lock()
	h.saving[key] = value
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.saving, key)
	}()
	_, err := h.up.call(ctx, &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_State{State: &pluginv1.State{Key: key, Value: value}}})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state[key] = value
	return nil
}

// knows reports whether the state is what was saved here; what is on its way may be in it
// or not.
func (h *wireHost) knows(state map[string][]byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	same := func(key string) bool {
		sent, underWay := h.saving[key]
		return bytes.Equal(h.state[key], state[key]) || underWay && bytes.Equal(sent, state[key])
	}
	for key := range state {
		if !same(key) {
			return false
		}
	}
	for key := range h.state {
		if !same(key) {
			return false
		}
	}
	return true
}

func (h *wireHost) State(key string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.state[key])
}

func (h *wireHost) Projects() []Project {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.projects)
}

func (h *wireHost) serve(projects []Project) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.projects = projects
}

func (h *wireHost) BridgeID() string  { return h.bridgeID }
func (h *wireHost) Log() hclog.Logger { return h.log }
