package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var deliverChecks = []check{
	{"deliver/opened", "session.opened is done.", needs{event: sessionOpened}, deliversOpened},
	{"deliver/posted", "A visitor's message is done, and people see it.", needs{event: messagePosted}, deliversPosted},
	{"deliver/links", "A message is linked to its session's thread by a receipt or a record.", needs{bridge: true, event: messagePosted}, deliversLinks},
	{"deliver/thread-once", "A session's thread is made once.", needs{bridge: true, event: messagePosted}, makesOneThread},
	{"deliver/own-threads", "Two sessions have two threads.", needs{bridge: true, event: messagePosted}, makesOwnThreads},
	{"deliver/order", "20 messages in one call are done in their order.", needs{event: messagePosted}, deliversInOrder},
	{"deliver/run", "A call with 50 events, the most there are, is done.", needs{event: messagePosted}, deliversRun},
	{"deliver/operator", "What an operator says elsewhere is done, and people see it.", needs{event: messagePosted}, deliversOperator},
	{"deliver/edit", "An edit changes what people see; the message stays linked.", needs{bridge: true, event: messageEdited}, deliversEdit},
	{"deliver/delete", "A delete takes it away, as far as the platform allows.", needs{bridge: true, event: messageDeleted}, deliversDelete},
	{"deliver/reply", "A reply to a message is done, and so is one to a message that the platform does not have.", needs{event: messagePosted}, deliversReply},
	{"deliver/types", "Each type of event that it wants is done.", needs{}, deliversTypes},
	{"deliver/closed", "A session that closes and opens again goes on in its thread.", needs{event: messagePosted}, deliversClosed},
	{"deliver/tombstone", "A message that was deleted before it was sent is not shown.", needs{event: messagePosted, long: true}, deliversTombstone},
	{"deliver/repeated", "A message that comes again with its links is not made twice.", needs{bridge: true, event: messagePosted}, deliversRepeated},
	{"deliver/uncertain", "A message that may have been sent, and whose links are known, is not made twice.", needs{bridge: true, event: messagePosted}, deliversUncertain},
	{"deliver/uncertain-lost", "A message that may have been sent, and whose links are not known, is found or made once more, and linked.", needs{bridge: true, event: messagePosted}, deliversLost},
	{"deliver/typing", "Typing has the seq 0: it is shown or forgotten, at once, with no receipt of a stored event.", needs{event: typing}, deliversTyping},
	{"deliver/read", "That the visitor has read has the seq 0, too.", needs{event: readReceipt}, deliversRead},
	{"deliver/parallel", "16 sessions are delivered to at the same time; nothing gets into another one's thread.", needs{event: messagePosted}, deliversInParallel},
	{"deliver/generation", "A call of another generation is refused, and does nothing.", needs{event: messagePosted}, refusesOtherGeneration},
	{"deliver/erased", "The thread of a session that was erased is removed, in as many calls as it takes.", needs{event: pluginv1.ThreadErased}, erases},
}

func deliversOpened(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	if err := t.must(ctx, t.opened()); err != nil {
		return "", err
	}
	if t.where() == "" {
		return "done, without a thread yet", nil
	}
	return "done, in a thread", nil
}

func deliversPosted(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "hello from the kit")
}

func deliversLinks(ctx context.Context, k *kit) (string, error) {
	t, m, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d links", len(t.parts(m))), rules.Shown(t.where(), linksOf(t.parts(m)))
}

func makesOneThread(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	first := t.where()
	if err := t.must(ctx, t.posted("again")); err != nil {
		return "", err
	}
	if t.where() != first || t.threads > 1 {
		return "", fmt.Errorf("a second thread %q was made beside %q", t.where(), first)
	}
	return "one thread", nil
}

func makesOwnThreads(ctx context.Context, k *kit) (string, error) {
	one, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	other, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if one.where() == other.where() {
		return "", fmt.Errorf("both sessions are in the thread %q: nobody could tell whom an answer is for", one.where())
	}
	return "two threads", nil
}

func deliversInOrder(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	events := []*pluginv1.Event{t.opened()}
	var texts []string
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("line %02d of twenty", i))
		events = append(events, t.posted(texts[i]))
	}
	if err := t.must(ctx, events...); err != nil {
		return "", err
	}
	return "20 messages", t.shows(ctx, texts...)
}

func deliversRun(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	var events []*pluginv1.Event
	for i := range 50 {
		events = append(events, t.posted(fmt.Sprintf("run %02d", i)))
	}
	return "50 events", t.must(ctx, events...)
}

func deliversOperator(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	if err := t.must(ctx, t.opened(), t.event(messagePosted, "", t.operator("an answer from elsewhere"))); err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "an answer from elsewhere")
}

func deliversEdit(ctx context.Context, k *kit) (string, error) {
	t, m, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if err := t.must(ctx, t.edited(m, "hello, but edited")); err != nil {
		return "", err
	}
	if len(t.parts(m)) == 0 {
		return "", errors.New("after the edit no link names the message any more")
	}
	return "done", t.shows(ctx, "hello, but edited")
}

func deliversDelete(ctx context.Context, k *kit) (string, error) {
	t, m, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if err := t.must(ctx, t.deleted(m)); err != nil {
		return "", err
	}
	_, err = t.atMost(ctx, 0, "hello from the kit")
	return "done", err
}

func deliversReply(ctx context.Context, k *kit) (string, error) {
	t, m, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	known := t.message("an answer to what is there", replyTo(m.GetId(), "hello from the kit"))
	unknown := t.message("an answer to what is not", replyTo(newID("msg"), "nobody knows"))
	if err := t.must(ctx, t.event(messagePosted, "", known), t.event(messagePosted, "", unknown)); err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "an answer to what is there", "an answer to what is not")
}

func replyTo(id, text string) func(*pluginv1.Message) {
	return func(m *pluginv1.Message) { m.ReplyTo, m.ReplyText = id, text }
}

func deliversTypes(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	n := 0
	for _, e := range stored {
		if !k.wants(e.name) {
			continue
		}
		n++
		if err := t.must(ctx, t.of(e.name, e.data)); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d types", n), nil
}

func deliversClosed(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	first := t.where()
	k.desk.change(func() { t.info.Status = "closed" })
	if err := t.must(ctx, t.event(sessionClosed, `{"by":"operator"}`, nil)); err != nil {
		return "", err
	}
	k.desk.change(func() { t.info.Status = "active" })
	if err := t.must(ctx, t.event(sessionReopened, `{"by":"visitor"}`, nil), t.posted("back again")); err != nil {
		return "", err
	}
	if t.where() != first {
		return "", fmt.Errorf("it went on in the thread %q, not in %q", t.where(), first)
	}
	return "done", t.shows(ctx, "back again")
}

func deliversTombstone(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	m := t.message("", func(m *pluginv1.Message) { m.Deleted, m.DeletedAt = true, now() })
	posted := t.event(messagePosted, "", m)
	posted.Uncertain = true // else the core would not deliver it
	if err := t.must(ctx, posted, t.event(messageDeleted, "", m)); err != nil {
		return "", err
	}
	if k.needs(ctx, needs{bridge: true}) == nil && len(t.parts(m)) > 0 {
		return "", fmt.Errorf("a deleted message is on the platform as %v", t.parts(m))
	}
	return "done, and nothing is shown", nil
}

// comesAgain delivers a long message, and delivers it again as change says.
func comesAgain(ctx context.Context, k *kit, text string, change func(*talk, *pluginv1.Event)) (t *talk, m *pluginv1.Message, before []*pluginv1.Link, err error) {
	if t, _, err = k.open(ctx); err != nil {
		return nil, nil, nil, err
	}
	m = t.message(text)
	e := t.event(messagePosted, "", m)
	if err := t.must(ctx, e); err != nil {
		return nil, nil, nil, err
	}
	before = t.parts(m)
	k.desk.change(func() { delete(t.done, e.GetSeq()) })
	change(t, e)
	return t, m, before, t.must(ctx, e)
}

func deliversRepeated(ctx context.Context, k *kit) (string, error) {
	t, m, before, err := comesAgain(ctx, k, strings.Repeat("twice? ", 2000), func(*talk, *pluginv1.Event) {})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d parts, before and after", len(before)), rules.Twice(linksOf(before), linksOf(t.parts(m)))
}

func deliversUncertain(ctx context.Context, k *kit) (string, error) {
	t, m, before, err := comesAgain(ctx, k, "surely once", func(_ *talk, e *pluginv1.Event) { e.Uncertain = true })
	if err != nil {
		return "", err
	}
	if err := rules.Twice(linksOf(before), linksOf(t.parts(m))); err != nil {
		return "", err
	}
	_, err = t.atMost(ctx, 1, "surely once")
	return "once", err
}

func deliversLost(ctx context.Context, k *kit) (string, error) {
	t, m, _, err := comesAgain(ctx, k, "perhaps twice", func(t *talk, e *pluginv1.Event) {
		e.Uncertain = true
		k.desk.change(func() { k.desk.forget(e.GetMessage().GetId()) })
	})
	if err != nil {
		return "", err
	}
	if n := len(t.parts(m)); n != 1 {
		return "", fmt.Errorf("one short message has %d links after it", n)
	}
	n, err := t.atMost(ctx, 2, "perhaps twice")
	return fmt.Sprintf("the platform shows it %d times", n), err
}
