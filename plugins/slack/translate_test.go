package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

var kinds = map[plugin.InboundKind]string{
	plugin.InboundMessage: "message", plugin.InboundEdit: "edit", plugin.InboundDelete: "delete", plugin.InboundClose: "close",
	plugin.InboundReopen: "reopen", plugin.InboundRaw: "raw",
}

func testReader() reader {
	return reader{
		channel: "C1", thread: func(ts string) string { return "C1/" + ts },
		mine: func(ids ...string) bool { return slices.Contains(ids, "U_BOT") || slices.Contains(ids, "B1") },
	}
}

// wrapped is the event as Slack brings it.
func wrapped(event []byte) []byte {
	return marshal(map[string]any{"type": "event_callback", "event_id": "Ev01", "api_app_id": "A1", "event": json.RawMessage(event)})
}

// Each file of testdata/events is what Slack sends, one a line of its list, and
// what it means.
func TestReadEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			var c struct {
				Event, Interactive json.RawMessage
				Want               struct {
					Kind, Key, Said, External, Revision, User, File, State, Gone, Thread, Shared string
					Standing, Warning                                                            bool
				}
			}
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			got, want := testReader().event(wrapped(c.Event)), c.Want
			if c.Interactive != nil {
				got = testReader().interactive(c.Interactive)
			}
			if got.gone != want.Gone || got.standing != want.Standing || got.state != want.State || (got.warning != "") != want.Warning {
				t.Errorf("meaning %+v", got)
			}
			if shared := got.shared; (shared == nil) != (want.Shared == "") || shared != nil && shared.TS != want.Shared {
				t.Errorf("shared %+v", shared)
			}
			if got.inbound == nil {
				if want.Kind != "" {
					t.Errorf("nothing came of it, want a %s", want.Kind)
				}
				return
			}
			in := got.inbound
			if kinds[in.Kind] != want.Kind || in.EffectKey != want.Key {
				t.Fatalf("kind %q, key %q", kinds[in.Kind], in.EffectKey)
			}
			if in.Kind == plugin.InboundRaw {
				if !strings.Contains(string(in.Raw), `"Ev01"`) {
					t.Errorf("kept %s", in.Raw)
				}
				return
			}
			thread := want.Thread
			if thread == "" {
				thread = "C1/1700000000.000100"
			}
			if got.said != want.Said || in.ExternalID != want.External || in.Revision != want.Revision || in.Thread != thread || got.user != want.User {
				t.Errorf("said %q, inbound %+v, user %s", got.said, in, got.user)
			}
			file := ""
			if len(got.files) > 0 {
				file = got.files[0].ID + " " + got.files[0].Name
			}
			if file != want.File {
				t.Errorf("file %q, want %q", file, want.File)
			}
		})
	}
}

// Whatever comes, reading it neither panics nor loses it without a reason, and
// means the same the second time.
func FuzzReadEvent(f *testing.F) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		var c struct{ Event json.RawMessage }
		raw, err := os.ReadFile(name)
		if err != nil || json.Unmarshal(raw, &c) != nil {
			f.Fatal(name, err)
		}
		if c.Event != nil {
			f.Add(wrapped(c.Event))
		}
	}
	f.Add([]byte(`{"event":{"type":"message","user":7,"channel":{}}}`))
	f.Add([]byte("\xff{"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, again := testReader().event(raw), testReader().event(raw)
		if (got.inbound == nil) != (again.inbound == nil) {
			t.Fatal("it means something else the second time")
		}
		_ = testReader().interactive(raw)
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
