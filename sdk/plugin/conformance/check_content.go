package conformance

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var contentChecks = []check{
	{"content/long", "A message of 34,000 letters is delivered whole; its parts are numbered from 0.", needs{event: messagePosted}, deliversLong},
	{"content/unicode", "Emoji, accents, and scripts from right to left arrive as they are.", needs{event: messagePosted}, deliversUnicode},
	{"content/hostile", "Markup, mentions and commands of a visitor arrive as text and call nobody.", needs{event: messagePosted}, deliversHostile},
	{"content/strange", "Empty texts, control characters and open fences do no harm.", needs{event: messagePosted}, deliversStrange},
	{"content/file", "A file is brought to the platform, or a link to it, with the text beside it.", needs{event: messagePosted}, deliversFile},
	{"content/file-gone", "A file that is no more keeps the text from nobody.", needs{event: messagePosted}, deliversGoneFile},
	{"content/long-names", "A visitor with a name and metadata of thousands of letters is a visitor.", needs{event: messagePosted}, deliversLongNames},
	{"content/notice", "A notice of the core is shown.", needs{bridge: true, event: noticeGiven}, deliversNotice},
}

var newerChecks = []check{
	{"newer/fields", "Fields of the protocol that it does not know do no harm.", needs{event: messagePosted}, deliversUnknownFields},
	{"newer/events", "A type of event that it does not know does no harm.", needs{}, deliversUnknownEvent},
	{"newer/data", "Data of events that is empty, null, or has members that it does not know does no harm.", needs{}, deliversUnknownData},
	{"newer/sender", "A message of a sender that it does not know does no harm.", needs{event: messagePosted}, deliversUnknownSender},
	{"newer/empty", "A session without a visitor, metadata and times does no harm.", needs{event: messagePosted}, deliversEmptySession},
	{"newer/unposted", "An edit and a delete of a message that it never sent do no harm.", needs{}, deliversUnposted},
	{"newer/large", "A call of 3 MiB is taken.", needs{event: messagePosted}, deliversLarge},
}

func deliversLong(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	m := t.message(rules.Long() + "and its end")
	if err := t.must(ctx, t.event(messagePosted, "", m)); err != nil {
		return "", err
	}
	if k.needs(ctx, needs{bridge: true}) == nil {
		if err := rules.Parts(linksOf(t.parts(m))); err != nil {
			return "", err
		}
	}
	seen, ok, err := t.seen(ctx)
	if err != nil || !ok || k.desc.GetAsVisitor() {
		return fmt.Sprintf("%d parts", len(t.parts(m))), err
	}
	var all strings.Builder // a part may end within a line, and lose the space there
	for _, s := range seen {
		all.WriteString(strings.Join(strings.Fields(s.Text), ""))
	}
	lines := strings.Count(all.String(), "Alineofalongmessage.")
	asFile := len(seen) > 0 && len(seen[len(seen)-1].Files) > 0
	if k.driver.url == "" && !asFile && (lines < 1000-len(seen) || count(seen, "and its end") == 0) {
		return "", fmt.Errorf("of 1000 lines people see %d: %s", lines, show(seen))
	}
	return fmt.Sprintf("%d parts, %d lines", len(t.parts(m)), lines), nil
}

// says delivers the texts as messages of one session and looks for them.
func says(ctx context.Context, k *kit, texts ...string) (*talk, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if err := t.must(ctx, t.posted(text)); err != nil {
			return nil, fmt.Errorf("%.60q: %w", text, err)
		}
	}
	return t, nil
}

func deliversUnicode(ctx context.Context, k *kit) (string, error) {
	texts := []string{"👩‍👩‍👧‍👦 family, 🇫🇷 flag, 👍🏽 thumb", "Zoë, naïve café, Ærøskøbing, Łódź", "مرحبا بالعالم", "你好，世界。こんにちは", "שלום עולם"}
	t, err := says(ctx, k, texts...)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d texts", len(texts)), t.shows(ctx, texts...)
}

// hostile are a visitor's texts that must stay texts.
var hostile = []string{
	"@everyone and @here, look", "<!channel> <!here> <@U0123456789>", "<script>alert(1)</script> & <b>bold</b>",
	"*stars* _lines_ ~waves~ `ticks` [link](https://evil.example)", "/close now", "tg://user?id=1 <@&123456789012345678>",
}

func deliversHostile(ctx context.Context, k *kit) (string, error) {
	t, err := says(ctx, k, hostile...)
	if err != nil {
		return "", err
	}
	seen, _, err := t.seen(ctx)
	for _, s := range seen {
		if len(s.Pings) > 0 && s.Own {
			return "", fmt.Errorf("%.80q calls %s", s.Text, strings.Join(s.Pings, ", "))
		}
	}
	return fmt.Sprintf("%d texts, nobody is called", len(hostile)), err
}

func deliversStrange(ctx context.Context, k *kit) (string, error) {
	_, err := says(ctx, k, append([]string{"  \n\n  \n", "\u202e\u0007\u200b", "#"}, rules.Strange...)...)
	return "done", err
}

// file is a message with a file of the desk.
func (t *talk) file(text, name string, data []byte) *pluginv1.Message {
	return t.message(text, func(m *pluginv1.Message) {
		m.Attachments = []*pluginv1.Attachment{t.k.desk.addFile(name, "text/plain; charset=utf-8", data)}
	})
}

func deliversFile(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if err := t.must(ctx, t.event(messagePosted, "", t.file("with a file", "notes.txt", []byte("what stands in the file")))); err != nil {
		return "", err
	}
	seen, ok, err := t.seen(ctx)
	if err != nil || !ok || k.driver.url != "" || k.desc.GetAsVisitor() {
		return "done", err
	}
	for _, s := range seen {
		if len(s.Files) > 0 || strings.Contains(s.Text, "notes.txt") || strings.Contains(s.Text, "/v1/files/") {
			return "done", t.shows(ctx, "with a file")
		}
	}
	return "", fmt.Errorf("people see neither the file nor a link to it: %s", show(seen))
}

func deliversGoneFile(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	m := t.file("with a file that is gone", "gone.txt", []byte("x"))
	k.desk.change(func() { delete(k.desk.files, m.GetAttachments()[0].GetId()) })
	err = t.must(ctx, t.event(messagePosted, "", m))
	if err != nil && !strings.Contains(err.Error(), "can never be delivered") {
		return "", err // the core tells operators of what can never be
	}
	if err != nil {
		return "said to be for ever", k.alive(ctx)
	}
	return "done", t.shows(ctx, "with a file that is gone")
}

func deliversLongNames(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	k.desk.change(func() {
		t.info.Visitor.Name = strings.Repeat("Anna-Sophie 👩‍👩‍👧‍👦 ", 150)
		t.info.Visitor.Traits = map[string]string{strings.Repeat("trait", 50): strings.Repeat("value ", 500)}
		t.info.Metadata["title"] = strings.Repeat("A title & <more> ", 300)
		t.info.Metadata["url"] = "https://example.com/?q=" + strings.Repeat("x", 4000)
	})
	return "done", t.must(ctx, t.opened(), t.posted("with a long name"))
}

func deliversNotice(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if err := t.must(ctx, t.event(noticeGiven, `{"text":"the kit tells operators something"}`, nil)); err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "the kit tells operators something")
}

// unknownField is a field of a later version of a message.
func unknownField(text string) []byte {
	b := protowire.AppendTag(nil, 900, protowire.BytesType)
	b = protowire.AppendString(b, text)
	b = protowire.AppendTag(b, 901, protowire.VarintType)
	return protowire.AppendVarint(b, 1<<40)
}

func deliversUnknownFields(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("from a newer core")
	extra := unknownField("of a later version")
	e.ProtoReflect().SetUnknown(extra)
	e.Message.ProtoReflect().SetUnknown(extra)
	k.desk.change(func() {
		t.info.ProtoReflect().SetUnknown(extra)
		t.info.Visitor.ProtoReflect().SetUnknown(extra)
	})
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "from a newer core")
}

func deliversUnknownEvent(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.event("something.new", `{"what":"nobody knows"}`, nil)
	if len(k.desc.GetEvents()) == 0 { // it wants all that there will be
		return "done", t.must(ctx, e)
	}
	if _, err := t.deliver(ctx, e); err != nil && kindOf(err) == pluginv1.FailureKind_FAILURE_KIND_UNSPECIFIED {
		return "", err
	}
	return "survived", k.alive(ctx)
}

func deliversUnknownData(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	n := 0
	for _, e := range stored {
		if e.data == "" || !k.wants(e.name) || e.name == "message.failed" {
			continue
		}
		for _, data := range []string{"", "null", `{"of a newer core":[1,{"a":null}]}`} {
			n++
			if err := t.must(ctx, t.of(e.name, data)); err != nil && !strings.Contains(err.Error(), "can never be delivered") {
				return "", fmt.Errorf("with the data %q: %w", data, err)
			}
		}
	}
	return fmt.Sprintf("%d events", n), k.alive(ctx)
}

func deliversUnknownSender(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	m := t.add(&pluginv1.Message{Sender: "assistant", Text: "from a sender of a newer core", Name: "Bot", Via: "kit.new"})
	return "done", t.must(ctx, t.event(messagePosted, "", m))
}

func deliversEmptySession(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	k.desk.change(func() {
		t.info.Visitor, t.info.Metadata, t.info.CreatedAt, t.info.LastActivity = nil, nil, 0, 0
	})
	opened := t.opened()
	m := t.add(&pluginv1.Message{Sender: "visitor", Text: "from nobody"}, func(m *pluginv1.Message) { m.CreatedAt = 0 })
	e := t.event(messagePosted, "", m)
	e.At = 0
	return "done", t.must(ctx, opened, e)
}

func deliversUnposted(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	return "done", t.must(ctx, t.changed(messageEdited, ""), t.changed(messageDeleted, ""), t.changed("note.edited", ""), t.changed("note.deleted", ""))
}

func deliversLarge(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("in a large call")
	e.ProtoReflect().SetUnknown(unknownField(strings.Repeat("x", 3<<20)))
	return "3 MiB", t.must(ctx, e)
}
