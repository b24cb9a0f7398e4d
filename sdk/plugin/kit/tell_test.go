package kit_test

import (
	"encoding/json"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

func TestTrackedEventsAreLines(t *testing.T) {
	r := newRig(t, kit.Format{})
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: visitorSays("msg_1", "hello")})
	r.deliver(&plugin.Event{Type: plugin.VisitorTracked, Data: json.RawMessage(
		`{"name":"pricing","data":{"plan":"pro"},"more":[{"name":"docs"},{"name":"docs"},{"name":"docs"},{"name":""},{"name":"faq"}]}`)})
	r.deliver(&plugin.Event{Type: plugin.VisitorTracked, Data: json.RawMessage(`{"name":"left"}`)})
	r.wantSaid("Anna: hello", "Event pricing {\"plan\":\"pro\"}\nEvent docs ×3\nEvent faq", "Event left")
}
