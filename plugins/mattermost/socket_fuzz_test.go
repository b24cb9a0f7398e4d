package main

import (
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Whatever the server tells is nothing that matters, something that cannot be read, or
// about a post that there is.
func FuzzEvent(f *testing.F) {
	for _, frame := range []string{
		`{"event":"posted","data":{"post":"{\"id\":\"p\",\"root_id\":\"r\",\"message\":\"hi\"}"},"seq":1}`,
		`{"event":"posted","data":{"post":"{"},"seq":1}`, `{"event":"typing","data":{"parent_id":"r","user_id":"u"},"seq":2}`,
		`{"event":"hello","data":{},"seq":0}`, `{"status":"OK","seq_reply":1}`, `{"event":"post_deleted","data":null}`, `[]`, ``,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		e := eventOf(frame)
		known := e.kind == 0 || e.kind == plugin.InboundTyping || e.kind == plugin.InboundRaw
		if !known && e.post.ID == "" {
			t.Errorf("%q is of kind %d without a post", frame, e.kind)
		}
		if e.kind == plugin.InboundRaw && (len(e.raw) == 0 || e.hash() == "") {
			t.Errorf("%q is not kept", frame)
		}
	})
}
