package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// changes lets an operator write, and change that.
func (k *kit) changes(ctx context.Context, verb string, kind pluginv1.InboundKind, texts ...string) (e *ear, said *heard, all []*heard, err error) {
	if e, err = k.ear(ctx); err != nil {
		return nil, nil, nil, err
	}
	id, err := e.says(ctx, simulator.Said{Text: "as it was"})
	if err != nil {
		return nil, nil, nil, err
	}
	first, err := e.hears(ctx, 1, "the operator's words", saying("as it was"))
	if err != nil {
		return nil, nil, nil, err
	}
	for _, text := range texts {
		if err := k.driver.call(ctx, verb, simulator.Said{Thread: e.at(), ID: id, Text: text}, nil); err != nil {
			return nil, nil, nil, err
		}
		if all, err = e.hears(ctx, len(all)+1, "the "+verb, kindly(kind)); err != nil {
			return nil, nil, nil, err
		}
	}
	return e, first[0], all, nil
}

func hearsEdit(ctx context.Context, k *kit) (string, error) {
	_, said, all, err := k.changes(ctx, "edit", pluginv1.InboundKind_INBOUND_KIND_EDIT, "as it is", "as it shall be")
	if err != nil {
		return "", err
	}
	marks := make([]float64, 0, len(all))
	for _, h := range all {
		if h.GetExternalId() != said.GetExternalId() && h.GetExternalId() == "" {
			return "", fmt.Errorf("the edit is of %q, not of %q", h.GetExternalId(), said.GetExternalId())
		}
		if h.GetEffectKey() == said.GetEffectKey() {
			return "", fmt.Errorf("the edit has the effect key of its message, %q: it is lost", h.GetEffectKey())
		}
		if h.GetRevision() == "" {
			continue
		}
		mark, err := strconv.ParseFloat(h.GetRevision(), 64)
		if err != nil {
			return "", fmt.Errorf("the mark %q is no number", h.GetRevision())
		}
		marks = append(marks, mark)
	}
	if !slices.IsSorted(marks) {
		return "", fmt.Errorf("the marks shrink: %v", marks)
	}
	return fmt.Sprintf("two edits, marks %v", marks), nil
}

func hearsDelete(ctx context.Context, k *kit) (string, error) {
	_, said, all, err := k.changes(ctx, "delete", pluginv1.InboundKind_INBOUND_KIND_DELETE, "")
	if err != nil {
		return "", err
	}
	if all[0].GetExternalId() == "" || all[0].GetEffectKey() == said.GetEffectKey() {
		return "", fmt.Errorf("the delete names no message, or has the key of its message: %v", all[0].Inbound)
	}
	return "of " + all[0].GetExternalId(), nil
}

func hearsClose(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.call(ctx, "close", simulator.Said{Thread: e.at()}, nil); err != nil {
		return "", err
	}
	if _, err := e.hears(ctx, 1, "the close", kindly(pluginv1.InboundKind_INBOUND_KIND_CLOSE)); err != nil {
		return "", err
	}
	if err := e.must(ctx, e.event(sessionClosed, `{"by":"operator"}`, nil)); err != nil { // what changes a session's state is told to all
		return "", err
	}
	if err := k.driver.call(ctx, "reopen", simulator.Said{Thread: e.at()}, nil); err != nil {
		return "", err
	}
	_, err = e.hears(ctx, 1, "the reopening", kindly(pluginv1.InboundKind_INBOUND_KIND_REOPEN))
	return "both", err
}

func hearsReply(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	m := e.message("answer this one")
	if err := e.must(ctx, e.event(messagePosted, "", m)); err != nil {
		return "", err
	}
	parts := e.parts(m)
	if len(parts) == 0 {
		return "", errors.New("no link names the platform's message: nobody can answer it")
	}
	if _, err := e.says(ctx, simulator.Said{Text: "that is the answer", ReplyTo: parts[0].GetExternalId()}); err != nil {
		return "", err
	}
	all, err := e.hears(ctx, 1, "the answer", saying("that is the answer"))
	if err != nil {
		return "", err
	}
	if all[0].GetReplyTo() == "" && k.desc.GetCannot()["reply"] == "" {
		return "", errors.New("it does not say what it answers, and Describe does not say that the platform cannot (cannot: reply)")
	}
	if to := all[0].GetReplyTo(); to != "" && to != parts[0].GetExternalId() {
		return "", fmt.Errorf("it answers %q, and was written under %q", to, parts[0].GetExternalId())
	}
	return "it answers " + all[0].GetReplyTo(), nil
}

func hearsFile(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	data := []byte("%PDF-1.4 what stands in the operator's file")
	if _, err := e.says(ctx, simulator.Said{Text: "see the file", File: &simulator.File{Name: "offer.pdf", Type: "application/pdf", Data: data}}); err != nil {
		return "", err
	}
	all, err := e.hears(ctx, 1, "the file", func(h *heard) bool { return words(h) && len(h.GetFiles()) > 0 })
	if err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	f := k.desk.files[all[0].GetFiles()[0]]
	switch {
	case f == nil:
		return "", fmt.Errorf("the file %q was not uploaded", all[0].GetFiles()[0])
	case !slices.Equal(f.data, data):
		return "", fmt.Errorf("the file has %d bytes, not the %d that were shared", len(f.data), len(data))
	}
	return "as " + f.GetName(), nil
}

func survivesOddities(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.call(ctx, "odd", simulator.Said{Thread: e.at()}, nil); err != nil {
		return "", err
	}
	if _, err := e.says(ctx, simulator.Said{Text: "after something odd"}); err != nil {
		return "", err
	}
	_, err = e.hears(ctx, 1, "what follows", saying("after something odd"))
	return "what follows arrives", err
}

func noEcho(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	if err := e.must(ctx, e.posted("no echo, please"), e.event(messagePosted, "", e.operator("nor of this"))); err != nil {
		return "", err
	}
	if _, err := e.says(ctx, simulator.Said{Text: "an operator's own"}); err != nil {
		return "", err
	}
	if _, err := e.hears(ctx, 1, "the operator's words", saying("an operator's own")); err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	if n := len(e.all(words)); n > 1 {
		return "", fmt.Errorf("%d messages came back, and an operator wrote one", n)
	}
	return "the operator's alone", nil
}

func hearsWhatItMissed(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	k.stopMain()
	if k.driver.can("reach") {
		return "", skip("operators write on its own pages: while it is down there are none")
	}
	if _, err := e.says(ctx, simulator.Said{Text: "while you were away"}); err != nil {
		return "", err
	}
	_, err = e.hears(ctx, 1, "what was missed", saying("while you were away"))
	return "it arrives", err
}

func survivesStrangeAcks(ctx context.Context, k *kit) (string, error) {
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	strange := &pluginv1.InboundRequest{Ref: 1 << 60, SessionId: "sess_nobody"}
	strange.ProtoReflect().SetUnknown(unknownField("of a newer core"))
	l.stream.send(strange)
	l.stream.send(&pluginv1.InboundRequest{})
	return "survived", k.alive(ctx)
}

func inboundsAreGood(_ context.Context, k *kit) (string, error) {
	return k.unblamed("INBOUND_KIND", "an inbound ", "the ref", "without ref", "an item", "host's socket")
}
