package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// patience is how long what happens on the platform may take to arrive.
var patience = 5 * time.Second

var says1 = []string{"say"}

var inboundChecks = []check{
	{"inbound/message", "What an operator writes arrives as it is, with effect key, thread, external id, and who they are.", needs{bridges: true, verbs: says1}, hearsMessage},
	{"inbound/keys", "Ten messages have ten effect keys, and arrive in order.", needs{bridges: true, verbs: says1}, hearsInOrder},
	{"inbound/acked-after", "The platform is told that something was received only after the core has acked it.", needs{bridges: true, verbs: []string{"say", "counts"}}, acksAfterCommit},
	{"inbound/resent", "What was not acked comes again after a kill, with the same effect key.", needs{bridges: true, verbs: says1}, resendsAfterKill},
	{"inbound/busy", "What the core cannot take now (RETRY) comes again, with the same effect key.", needs{bridges: true, verbs: says1}, resendsWhenBusy},
	{"inbound/refused", "What the core refuses for good does not come again, and what follows arrives.", needs{bridges: true, verbs: says1}, goesOnAfterRefusal},
	{"inbound/twice", "What the platform sends several times and shuffled has one effect key each.", needs{bridges: true, verbs: []string{"say", "replay"}}, oneKeyEach},
	{"inbound/edit", "An edit arrives, with the external id, the new text and a mark that grows.", needs{bridge: true, verbs: []string{"say", "edit"}}, hearsEdit},
	{"inbound/delete", "A delete arrives, with the external id.", needs{bridge: true, verbs: []string{"say", "delete"}}, hearsDelete},
	{"inbound/close", "That an operator closes the thread, and opens it again, arrives.", needs{bridge: true, verbs: []string{"close", "reopen"}}, hearsClose},
	{"inbound/reply", "A reply names what it answers by its external id.", needs{bridge: true, event: messagePosted, verbs: says1}, hearsReply},
	{"inbound/file", "A file is uploaded to the host's socket first, and named by its id.", needs{bridges: true, verbs: says1}, hearsFile},
	{"inbound/odd", "Something that it cannot understand does not keep what follows.", needs{bridges: true, verbs: []string{"say", "odd"}}, survivesOddities},
	{"inbound/own", "What it delivers does not come back as an operator's words.", needs{bridges: true, event: messagePosted, verbs: says1}, noEcho},
	{"inbound/while-away", "What was written while it was down arrives when it is back.", needs{bridges: true, verbs: says1}, hearsWhatItMissed},
	{"inbound/strange-acks", "Acks that it does not know, and fields of a newer core in them, do no harm.", needs{bridges: true}, survivesStrangeAcks},
	{"inbound/well-formed", "Each item so far had a ref of its own, a known kind, and what belongs to it.", needs{}, inboundsAreGood},
}

// ear is a session that operators write in, and what was heard when it was opened.
type ear struct {
	*talk
	from int
}

// ear opens a session in which an answer has already been given: who writes mails knows
// where to then.
func (k *kit) ear(ctx context.Context) (*ear, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	if k.desc.GetAsVisitor() {
		if err := t.must(ctx, t.event(messagePosted, "", t.operator("an answer that is mailed"))); err != nil {
			return nil, err
		}
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	return &ear{t, len(k.desk.heard)}, nil
}

// all are the inbounds of the session since it was opened; the desk is locked.
func (e *ear) all(want func(*heard) bool) []*heard {
	var all []*heard
	for _, h := range e.k.desk.heard[e.from:] {
		if (h.GetThread() == e.thread || h.GetThread() == e.info.GetId()) && want(h) {
			all = append(all, h)
		}
	}
	return all
}

// says lets an operator write.
func (e *ear) says(ctx context.Context, s simulator.Said) (id string, err error) {
	s.Thread = e.at()
	return e.k.driver.say(ctx, s)
}

// words are messages of operators, and of visitors by who speaks as them.
func words(h *heard) bool {
	return h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_MESSAGE || h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_VISITOR
}

func saying(text string) func(*heard) bool {
	return func(h *heard) bool { return words(h) && plain(h.GetText()) == plain(text) }
}

func kindly(kind pluginv1.InboundKind) func(*heard) bool {
	return func(h *heard) bool { return h.GetKind() == kind }
}

// hears waits for n inbounds.
func (e *ear) hears(ctx context.Context, n int, what string, want func(*heard) bool) ([]*heard, error) {
	if _, err := e.k.running(ctx); err != nil {
		return nil, err
	}
	var all []*heard
	err := e.k.desk.wait(ctx, patience, what, func() bool {
		all = e.all(want)
		return len(all) >= n
	})
	if err != nil {
		e.k.desk.mu.Lock()
		defer e.k.desk.mu.Unlock()
		var came []string
		for _, h := range e.k.desk.heard[e.from:] {
			came = append(came, fmt.Sprintf("%s %.40q", h.GetKind(), h.GetText()))
		}
		return nil, fmt.Errorf("%w; what came is %v", err, came)
	}
	return all, nil
}

func hearsMessage(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	text := "Good morning, how can we help? 👋"
	id, err := e.says(ctx, simulator.Said{Text: text})
	if err != nil {
		return "", err
	}
	all, err := e.hears(ctx, 1, "the operator's words", saying(text))
	if err != nil {
		return "", err
	}
	h := all[0]
	switch {
	case h.GetEffectKey() == "":
		return "", errors.New("it has no effect key: it would be stored twice when it comes again")
	case k.desc.GetAsVisitor():
		return "the visitor's words", nil
	case h.GetExternalId() == "" || h.GetOperator().GetId() == "" || h.GetOperator().GetName() == "":
		return "", fmt.Errorf("the inbound lacks who wrote it or its external id: %v", h.Inbound)
	case h.GetThread() != e.where() && h.GetThread() != e.info.GetId():
		return "", fmt.Errorf("its thread is %q, not %q", h.GetThread(), e.where())
	case id != "" && h.GetExternalId() != id:
		return fmt.Sprintf("as %s of %s", h.GetExternalId(), h.GetOperator().GetName()), nil
	}
	return "of " + h.GetOperator().GetName(), nil
}

func hearsInOrder(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	for i := range 10 {
		if _, err := e.says(ctx, simulator.Said{Text: fmt.Sprint("line ", i)}); err != nil {
			return "", err
		}
	}
	all, err := e.hears(ctx, 10, "ten messages", words)
	if err != nil {
		return "", err
	}
	keys := map[string]string{}
	var texts []string
	for _, h := range all {
		other, known := keys[h.GetEffectKey()]
		if known && other == h.GetText() {
			continue // it came again
		}
		if known {
			return "", fmt.Errorf("%q and %q have the same effect key %q: one is lost", other, h.GetText(), h.GetEffectKey())
		}
		keys[h.GetEffectKey()] = h.GetText()
		texts = append(texts, plain(h.GetText()))
	}
	for i, text := range texts {
		if text != fmt.Sprint("line ", i) {
			return "", fmt.Errorf("they arrive as %q", texts)
		}
	}
	return "ten, in order", nil
}

// unanswered lets the desk answer no words of the session, until the returned func is
// called.
func (e *ear) unanswered(v verdict, times int) {
	e.k.desk.change(func() {
		e.k.desk.verdict = func(h *heard) verdict {
			if times > 0 && words(h) {
				times--
				return v
			}
			return take
		}
	})
}

func acksAfterCommit(ctx context.Context, k *kit) (string, error) {
	c, err := k.driver.counts(ctx)
	if err != nil {
		return "", err
	}
	if c.Pending < 0 {
		return "", skip("the platform asks for no acknowledgement")
	}
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	pending := func(want func(int) bool, what string) error {
		return until(ctx, patience, what, func() (bool, error) {
			c, err := k.driver.counts(ctx)
			return want(c.Pending), err
		})
	}
	if err := pending(func(n int) bool { return n == 0 }, "the platform to have nothing left"); err != nil {
		return "", err
	}
	e.unanswered(nothing, 1)
	if _, err := e.says(ctx, simulator.Said{Text: "not acked yet"}); err != nil {
		return "", err
	}
	if _, err := e.hears(ctx, 1, "the operator's words", saying("not acked yet")); err != nil {
		return "", err
	}
	select { // what it must not do has no event
	case <-time.After(300 * time.Millisecond):
	case <-ctx.Done():
	}
	if c, err = k.driver.counts(ctx); err != nil {
		return "", err
	}
	if c.Pending == 0 {
		return "", errors.New("the platform was told that it was received, and the core has not acked it: a crash now would lose it")
	}
	k.killMain() // the ack never comes
	if _, err := e.hears(ctx, 2, "the same words again", saying("not acked yet")); err != nil {
		return "", err
	}
	return "only after", pending(func(n int) bool { return n == 0 }, "the platform to be told at last")
}

func resendsAfterKill(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	e.unanswered(nothing, 1)
	if _, err := e.says(ctx, simulator.Said{Text: "before the kill"}); err != nil {
		return "", err
	}
	if _, err := e.hears(ctx, 1, "the operator's words", saying("before the kill")); err != nil {
		return "", err
	}
	k.killMain()
	all, err := e.hears(ctx, 2, "the same words again, by the next launch", saying("before the kill"))
	if err != nil {
		return "", err
	}
	return sameKeys(all)
}

func sameKeys(all []*heard) (string, error) {
	for _, h := range all[1:] {
		if h.GetEffectKey() != all[0].GetEffectKey() {
			return "", fmt.Errorf("the effect key was %q and is %q: it would be stored twice", all[0].GetEffectKey(), h.GetEffectKey())
		}
	}
	return fmt.Sprintf("%d times, one key", len(all)), nil
}

func resendsWhenBusy(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	e.unanswered(again, 1)
	if _, err := e.says(ctx, simulator.Said{Text: "come back later"}); err != nil {
		return "", err
	}
	all, err := e.hears(ctx, 2, "the same words again", saying("come back later"))
	if err != nil {
		return "", err
	}
	return sameKeys(all)
}

func goesOnAfterRefusal(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	e.unanswered(refuse, 1)
	for _, text := range []string{"refused", "taken"} {
		if _, err := e.says(ctx, simulator.Said{Text: text}); err != nil {
			return "", err
		}
	}
	if _, err := e.hears(ctx, 1, "what follows", saying("taken")); err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	if n := len(e.all(saying("refused"))); n > 1 {
		return "", fmt.Errorf("what was refused for good came %d times", n)
	}
	return "once, and what follows", nil
}

func oneKeyEach(ctx context.Context, k *kit) (string, error) {
	e, err := k.ear(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.call(ctx, "replay", map[string]int{"copies": 3, "window": 3}, nil); err != nil {
		return "", err
	}
	for i := range 6 {
		if _, err := e.says(ctx, simulator.Said{Text: fmt.Sprint("shuffled ", i)}); err != nil {
			return "", err
		}
	}
	_, err = e.hears(ctx, 6, "six messages", func(h *heard) bool { return words(h) && !h.repeated })
	if end := k.driver.call(ctx, "replay", map[string]int{"copies": 1}, nil); err == nil {
		err = end
	}
	if err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	keys := map[string]map[string]bool{}
	for _, h := range e.all(words) {
		if keys[h.GetText()] == nil {
			keys[h.GetText()] = map[string]bool{}
		}
		keys[h.GetText()][h.GetEffectKey()] = true
	}
	for text, of := range keys {
		if len(of) != 1 {
			return "", fmt.Errorf("%q came under %d effect keys", text, len(of))
		}
	}
	return fmt.Sprintf("%d arrivals of 6", len(e.all(words))), nil
}

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
