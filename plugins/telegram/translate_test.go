package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

var kinds = map[plugin.InboundKind]string{
	plugin.InboundMessage: "message", plugin.InboundEdit: "edit", plugin.InboundClose: "close",
	plugin.InboundReopen: "reopen", plugin.InboundRaw: "raw",
}

func testReader() reader {
	return reader{chat: -100500, bot: 123, username: "my_bridge_bot", thread: func(topic int) string { return "-100500/" + itoa(topic) }}
}

// Each file of testdata/updates is an update and what it means.
func TestReadUpdates(t *testing.T) {
	files, err := filepath.Glob("testdata/updates/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no updates: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			var c struct {
				Update json.RawMessage
				Want   struct {
					Kind, Key, KeyPrefix, Text, External, Reply, Revision, Operator, File, Warning string
					Chat                                                                           int64
				}
			}
			raw, err := os.ReadFile(name)
			if err != nil || json.Unmarshal(raw, &c) != nil {
				t.Fatalf("unreadable: %v", err)
			}
			got, want := testReader().read(c.Update), c.Want
			if got.chat != want.Chat || (got.warning == "") != (want.Warning == "") || !strings.Contains(got.warning, want.Warning) {
				t.Errorf("chat %d, warning %q", got.chat, got.warning)
			}
			if got.inbound == nil {
				if want.Kind != "" {
					t.Errorf("nothing came of it, want a %s", want.Kind)
				}
				return
			}
			in := got.inbound
			if kinds[in.Kind] != want.Kind || want.Key != "" && in.EffectKey != want.Key || !strings.HasPrefix(in.EffectKey, want.KeyPrefix) {
				t.Fatalf("kind %q, key %q", kinds[in.Kind], in.EffectKey)
			}
			if in.Kind == plugin.InboundRaw {
				if string(in.Raw) != string(c.Update) {
					t.Errorf("kept %s", in.Raw)
				}
				return
			}
			operator := want.Operator
			if operator == "" {
				operator = "55 Olga K"
			}
			if in.Text != want.Text || in.ExternalID != want.External || in.ReplyTo != want.Reply || in.Revision != want.Revision ||
				in.Thread != "-100500/42" || in.Operator.ID+" "+in.Operator.Name != operator {
				t.Errorf("inbound %+v", in)
			}
			file := ""
			if got.file != nil {
				file = got.file.ID + " " + got.file.Name
			}
			if file != want.File {
				t.Errorf("file %q, want %q", file, want.File)
			}
		})
	}
}

// Whatever comes, reading it neither panics nor loses it without a reason, and
// means the same the second time.
func FuzzReadUpdate(f *testing.F) {
	files, err := filepath.Glob("testdata/updates/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		var c struct{ Update json.RawMessage }
		raw, err := os.ReadFile(name)
		if err != nil || json.Unmarshal(raw, &c) != nil {
			f.Fatal(name, err)
		}
		f.Add([]byte(c.Update))
	}
	f.Add([]byte(`{"update_id":1e3,"message":null}`))
	f.Add([]byte("\xff{"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, again := testReader().read(raw), testReader().read(raw)
		if (got.inbound == nil) != (again.inbound == nil) {
			t.Fatal("it means something else the second time")
		}
		if got.inbound == nil {
			return
		}
		in := got.inbound
		if in.Kind == 0 || in.EffectKey == "" || in.EffectKey != again.inbound.EffectKey {
			t.Fatalf("no kind or no key of its own: %+v", in)
		}
		if in.Kind != plugin.InboundRaw && (in.Thread == "" || in.ExternalID == "") {
			t.Fatalf("it belongs nowhere: %+v", in)
		}
	})
}
