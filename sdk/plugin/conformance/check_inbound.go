package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// patience is how long what happens on the platform may take to arrive.
var patience = 5 * time.Second

var toSay = []string{"say"}

var inboundChecks = []check{
	{"inbound/message", "What an operator writes arrives as it is, with effect key, thread, external id, and who they are.", needs{bridges: true, verbs: toSay}, hearsMessage},
	{"inbound/keys", "Ten messages have ten effect keys, and arrive in order.", needs{bridges: true, verbs: toSay}, hearsInOrder},
	{"inbound/acked-after", "The platform is told that something was received only after the core has acked it.", needs{bridges: true, verbs: []string{"say", "counts"}}, acksAfterCommit},
	{"inbound/resent", "What was not acked comes again after a kill, with the same effect key.", needs{bridges: true, verbs: toSay}, resendsAfterKill},
	{"inbound/busy", "What the core cannot take now (RETRY) comes again, with the same effect key.", needs{bridges: true, verbs: toSay}, resendsWhenBusy},
	{"inbound/refused", "What the core refuses for good does not come again, and what follows arrives.", needs{bridges: true, verbs: toSay}, goesOnAfterRefusal},
	{"inbound/twice", "What the platform sends several times and shuffled has one effect key each.", needs{bridges: true, verbs: []string{"say", "replay"}}, oneKeyEach},
	{"inbound/edit", "An edit arrives, with the external id, the new text and a mark that grows.", needs{bridge: true, verbs: []string{"say", "edit"}}, hearsEdit},
	{"inbound/delete", "A delete arrives, with the external id.", needs{bridge: true, verbs: []string{"say", "delete"}}, hearsDelete},
	{"inbound/close", "That an operator closes the thread, and opens it again, arrives.", needs{bridge: true, verbs: []string{"close", "reopen"}}, hearsClose},
	{"inbound/reply", "A reply names what it answers by its external id.", needs{bridge: true, event: messagePosted, verbs: toSay}, hearsReply},
	{"inbound/file", "A file is uploaded to the host's socket first, and named by its id.", needs{bridges: true, verbs: toSay}, hearsFile},
	{"inbound/odd", "Something that it cannot understand does not keep what follows.", needs{bridges: true, verbs: []string{"say", "odd"}}, survivesOddities},
	{"inbound/own", "What it delivers does not come back as an operator's words.", needs{bridges: true, event: messagePosted, verbs: toSay}, noEcho},
	{"inbound/while-away", "What was written while it was down arrives when it is back.", needs{bridges: true, verbs: toSay}, hearsWhatItMissed},
	{"inbound/strange-acks", "Acks that it does not know, and fields of a newer core in them, do no harm.", needs{bridges: true}, survivesStrangeAcks},
	{"inbound/well-formed", "Each item so far had a ref of its own, a known kind, and what belongs to it.", needs{}, inboundsAreGood},
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

// unanswered lets the desk answer so to the next words of the session. What comes again
// of another one, because the plugin was killed in the check before, is taken.
func (e *ear) unanswered(v verdict, times int) {
	e.k.desk.change(func() {
		e.k.desk.verdict = func(h *heard) verdict {
			if times > 0 && words(h) && e.mine(h) {
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
