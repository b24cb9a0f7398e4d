package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	olga = `"author":{"id":"5","username":"olga","global_name":"Olga","avatar":"abc"}`
	base = `"id":"2001","channel_id":"2000",` + olga
)

func messageOf(t *testing.T, wire string) message {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte("{"+wire+"}"), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatAMessageSays(t *testing.T) {
	l := &people{}
	l.call("77", "support")
	l.call("88", "Sales")
	l.know("6", "Ben from Sales")
	for wire, want := range map[string]string{
		`"content":"hello"`: "hello",
		`"content":"<@5> <@!6> <@7> <@8>","mentions":[{"id":"5","username":"olga","global_name":"Olga"},{"id":"7","username":"carl"}]`: "@Olga @Ben from Sales @carl @somebody",
		`"content":"<@&88> in <#77>, <#78>"`:                            "@Sales in #support, #channel",
		`"content":"<:party:123> <a:dance:456> </close:9> <t:0:R>"`:     ":party: :dance: /close 1 Jan 1970 00:00 UTC",
		`"content":"see <https://acme.example/a_b> <t:99999999999999>"`: "see https://acme.example/a_b <t:99999999999999>",
		`"content":"1 < 2 > 1 <3 <b>"`:                                  "1 < 2 > 1 <3 <b>",
		`"content":"","sticker_items":[{"id":"1","name":"Wave"}]`:       "(sticker: Wave)",
		`"content":"","poll":{"question":{"text":"Lunch?"},"answers":[{"answer_id":1,"poll_media":{"text":"Yes"}},{"poll_media":{"text":"No"}}]}`:     "📊 Lunch?\n• Yes\n• No",
		`"content":"look","message_reference":{"type":1,"message_id":"9"},"message_snapshots":[{"message":{"content":"from afar","attachments":[]}}]`: "look\n↪ from afar",
		`"content":"","embeds":[{"title":"A title"}]`: "A title",
	} {
		m := messageOf(t, base+","+wire)
		if got := l.says(m); got != want {
			t.Errorf("%s says %q, want %q", wire, got, want)
		}
	}
}

func TestNewMessages(t *testing.T) {
	text := "hello"
	in := plugin.Inbound{
		Kind: plugin.InboundMessage, EffectKey: "m:2001", Thread: "2000", ExternalID: "2001", Text: text,
		Operator: plugin.Operator{ID: "5", Name: "Olga", Avatar: "https://cdn.discordapp.com/avatars/5/abc.png?size=128"},
	}
	with := func(change func(*plugin.Inbound)) *plugin.Inbound {
		in := in
		change(&in)
		return &in
	}
	for name, c := range map[string]struct {
		wire string
		want *plugin.Inbound
	}{
		"a text":           {base + `,"type":0,"content":"hello"`, &in},
		"a nickname":       {base + `,"content":"hello","member":{"nick":"Olga S."}`, with(func(in *plugin.Inbound) { in.Operator.Name = "Olga S." })},
		"a reply":          {base + `,"type":19,"content":"hello","message_reference":{"message_id":"1999","channel_id":"2000"}`, with(func(in *plugin.Inbound) { in.ReplyTo = "1999" })},
		"a reply to other": {base + `,"type":19,"content":"hello","message_reference":{"message_id":"1999","channel_id":"3000"}`, &in},
		"one edited since": {base + `,"content":"hello","edited_timestamp":"2025-10-09T09:00:00.000001+00:00"`, with(func(in *plugin.Inbound) { in.Revision = "1760000400000001" })},
		"a bot's":          {`"id":"2001","channel_id":"2000","author":{"id":"9","bot":true},"content":"hello"`, nil},
		"a webhook's":      {base + `,"webhook_id":"3","content":"hello"`, nil},
		"a rename":         {base + `,"type":4,"content":"new name"`, nil},
		"a pin":            {base + `,"type":6,"content":""`, nil},
		"of nobody":        {`"id":"2001","channel_id":"2000","content":"hello"`, nil},
	} {
		got := (&people{}).posted(messageOf(t, c.wire)).inbound
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestChangedMessages(t *testing.T) {
	const when = `,"edited_timestamp":"2025-10-09T09:00:00.5+00:00"`
	for name, c := range map[string]struct {
		wire    string
		key     string
		partial bool
	}{
		"an edit":        {base + `,"content":"now"` + when, "e:2001:1760000400500000", false},
		"a preview":      {base + `,"content":"now","edited_timestamp":null,"embeds":[{}]`, "", false},
		"a bare preview": {`"id":"2001","channel_id":"2000","embeds":[{}]`, "", false},
		"a part":         {`"id":"2001","channel_id":"2000"` + when, "", true},
		"a bot's":        {`"id":"2001","channel_id":"2000","author":{"id":"9","bot":true},"content":"x"` + when, "", false},
		"an odd moment":  {base + `,"content":"now","edited_timestamp":"yesterday"`, "", false},
	} {
		got := (&people{}).edited(messageOf(t, c.wire))
		key := ""
		if got.inbound != nil {
			key = got.inbound.EffectKey
		}
		if key != c.key || got.partial != c.partial {
			t.Errorf("%s: key %q, partial %v", name, key, got.partial)
		}
	}
}

func TestFilesOfAMessage(t *testing.T) {
	m := messageOf(t, base+`,"content":"","attachments":[{"id":"1","filename":"a.png","size":3,"url":"u"}],"message_snapshots":[{"message":{"attachments":[{"id":"2","filename":"b.png"}]}}]`)
	if got := (&people{}).posted(m); len(got.files) != 2 || got.files[1].Name != "b.png" || got.inbound.Text != "↪" {
		t.Errorf("%+v", got)
	}
}

func TestIDsAndRevisions(t *testing.T) {
	if got := idAt(messageTime("1574240974106787841")); newer(got, "1574240974106787841") || !newer("1574240974206787841", got) {
		t.Errorf("idAt gives %s", got)
	}
	if !newer("100", "99") || newer("99", "100") || newer("5", "5") {
		t.Error("ids are compared wrongly")
	}
	if revisionOf("") != "" || revisionOf("2025-10-09T09:00:00.000001+00:00") != fmt.Sprint(1760000400000001) {
		t.Error("revisions are read wrongly")
	}
}

func FuzzTranslate(f *testing.F) {
	f.Add([]byte(`{` + base + `,"content":"<@5> <t:1:R> <:a:1>","edited_timestamp":"2025-10-09T09:00:00.5+00:00"}`))
	f.Add([]byte(`{"id":5}`))
	f.Fuzz(func(t *testing.T, wire []byte) {
		var m message
		if json.Unmarshal(wire, &m) != nil {
			return
		}
		l := &people{}
		for _, got := range []meaning{l.posted(m), l.edited(m)} {
			if got.inbound != nil && got.inbound.EffectKey == "" {
				t.Errorf("no key for %s", wire)
			}
		}
	})
}

// messageTime is the moment in an id.
func messageTime(id string) time.Time {
	n, _ := strconv.ParseInt(id, 10, 64)
	return time.UnixMilli(n>>22 + discordEpoch)
}
