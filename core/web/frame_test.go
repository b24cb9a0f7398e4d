package web

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func decodeList(raw string) ([]any, error) {
	var list []any
	return list, json.Unmarshal([]byte(raw), &list)
}

// FuzzFrame: whatever a stranger sends is a frame, or is refused; never both, and
// never a panic.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","key":"pk_x","after":41,"page":{"url":"u"},"traits":{"a":1,"b":true}}`, `{"type":"post","id":"1","text":"x","attachments":["att_1"]}`,
		`{"type":"track","id":"1","name":"n","data":{"a":[1]}}`, `{"type":"post","id":1}`, `{}`, `[]`, `null`, `"x"`, `{"type":"post","id":"1","text":"\ud800"}`, `{"type":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame, err := decode(raw)
		if (frame == nil) != errors.Is(err, errBadFrame) {
			t.Fatalf("%q: %v, %v", raw, frame, err)
		}
		if frame == nil {
			return
		}
		if frame.Type == "" || utf8.RuneCountInString(frame.ID) > maxFrameID || err == nil && answered[frame.Type] && frame.ID == "" {
			t.Fatalf("%q: accepted as %+v", raw, frame)
		}
		for name, value := range metadata(frame, "agent") {
			if !utf8.ValidString(value) || len(value) > maxURL || strings.ContainsRune(value, 0) {
				t.Fatalf("%q: %s is %q", raw, name, value)
			}
		}
	})
}

func TestAddressKey(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "odd": "odd",
	} {
		equal(t, ip, addressKey(ip), want)
	}
}
