package web

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The widget is tested with golden frames of its own; both sides hold them to be
// the protocol.
const sharedFrames = "../../widget/testdata/frames"

func sharedGolden(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(sharedFrames, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden frames %s in %s: %v", pattern, sharedFrames, err)
	}
	frames := map[string][]byte{}
	for _, path := range paths {
		if frames[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return frames
}

// What the widget expects is what the server sends: each frame fits the server's
// own type with no field left over, and comes out of it as it went in.
func TestTheWidgetExpectsWhatIsSent(t *testing.T) {
	for name, raw := range sharedGolden(t, "core-*.json") {
		kind := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, "core-"), ".json"), "-")[0]
		into := map[string]any{
			"welcome": new(welcomeFrame), "ok": new(okFrame), "event": new(eventFrame), "receipt": new(receiptFrame), "typing": new(typingFrame),
			"presence": new(presenceFrame), "emit": new(emitFrame), "history": new(historyFrame), "error": new(errorFrame),
		}[kind]
		if into == nil {
			t.Errorf("%s: the server sends no %s", name, kind)
			continue
		}
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(into); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := json.Marshal(into)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal(back, &got) != nil || json.Unmarshal(raw, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, back, raw)
		}
	}
}

// What the widget sends is what the server reads.
func TestTheServerReadsWhatTheWidgetSends(t *testing.T) {
	for name, raw := range sharedGolden(t, "visitor-*.json") {
		kind := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, "visitor-"), ".json"), "-")[0]
		f, err := decode(raw)
		if err != nil || f.Type != kind {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if !answered[kind] && !unanswered[kind] && kind != typeHello {
			t.Errorf("%s: the server knows no %s", name, kind)
		}
	}
}

// The widget's own example of all settings holds what the server can send.
func TestTheWidgetKnowsTheSettings(t *testing.T) {
	raw, err := os.ReadFile("../../widget/testdata/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		settings
		Online bool `json:"online"`
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&got); err != nil {
		t.Fatal(err)
	}
	chosen := reflect.ValueOf(got.Widget)
	for i := range chosen.NumField() {
		if name := chosen.Type().Field(i).Name; chosen.Field(i).IsZero() && name != "Names" {
			t.Errorf("the widget's example has no %s", name)
		}
	}
}
