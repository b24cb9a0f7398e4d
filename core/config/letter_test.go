package config

import "testing"

func TestABlockAllowsItsPluginToSpeakAsVisitors(t *testing.T) {
	for line, want := range map[string]bool{"": false, "as_visitor = true": true, "as_visitor = false": false} {
		c, err := parse("config.hcl", []byte("project \"acme\" {\n  origins = []\n  bridge \"email\" {\n    "+line+"\n  }\n}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Bridges[0].AsVisitor; got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
