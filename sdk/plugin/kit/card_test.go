package kit

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// What a visitor only says of themselves is marked, however long they make it.
func TestWhatIsNotSignedIsMarked(t *testing.T) {
	v := plugin.Visitor{Name: "The boss", Email: strings.Repeat("boss@acme.example ", 50), Traits: map[string]string{"plan": "gold", "none": " "}}
	lines := func(v plugin.Visitor) map[string]string {
		all := map[string]string{}
		for label, value := range facts(&plugin.Session{Visitor: v, Metadata: map[string]string{"url": "https://acme.example/"}}) {
			all[label] = value
		}
		return all
	}
	claimed := lines(v)
	for _, label := range []string{"Name", "E-mail", "plan"} {
		if value := claimed[label]; !strings.HasSuffix(cutRunes(value, maxValue), " (unverified)") {
			t.Errorf("%s: %q", label, value)
		}
	}
	if claimed["none"] != "" || claimed["Page"] != "https://acme.example/" {
		t.Errorf("%q", claimed)
	}
	v.Verified = true
	for label, value := range lines(v) {
		if strings.Contains(value, "unverified") || label == "Name" {
			t.Errorf("of a signed visitor: %s: %q", label, value)
		}
	}
}
