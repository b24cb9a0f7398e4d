package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// postTyping tells the visitor that somebody types.
func (b *bridge) postTyping(w http.ResponseWriter, r *http.Request) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	in := plugin.Inbound{Kind: plugin.InboundTyping, EffectKey: "t:" + a.ID, On: a.On}
	return b.mark(w, r, a, in)
}

// postRead says that everything up to a message has been read.
func (b *bridge) postRead(w http.ResponseWriter, r *http.Request) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	m, err := b.message(r.Context(), r.PathValue("id"), a.Message)
	if err != nil {
		return err
	}
	if err := b.name(r.Context(), r.PathValue("id"), m.ID); err != nil {
		return err
	}
	in := plugin.Inbound{Kind: plugin.InboundRead, EffectKey: "r:" + m.ID, ExternalID: m.ID}
	if err := b.mark(w, r, a, in); err != nil {
		return err
	}
	s := &plugin.Session{ID: r.PathValue("id")}
	b.hub.publish(pageEvent{Type: "session.read", Seq: m.Seq, At: time.Now().UTC(), Session: s})
	return nil
}

// mark hands over what is not stored, and answers with nothing.
func (b *bridge) mark(w http.ResponseWriter, r *http.Request, a action, in plugin.Inbound) error {
	in.Thread = r.PathValue("id")
	in.Operator = operatorOf(r, a.Operator)
	if _, err := b.host.Receive(r.Context(), in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// by is the data of an event that an operator caused.
func by(op plugin.Operator) json.RawMessage {
	data, err := json.Marshal(map[string]string{"by": "operator", "name": op.Name})
	if err != nil {
		return nil // strings always marshal
	}
	return data
}
