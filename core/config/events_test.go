package config

import (
	"slices"
	"testing"
)

func TestEventsOfAHook(t *testing.T) {
	c, err := parse("testdata/config.hcl", []byte(`
hook "webhook" {
  token  = "x"
  events = ["message.posted", "note.*", "note.edited"]
}
hook "webhook" "all" { token = "x" }
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Bridges[0].Events; !slices.Equal(got, []string{"message.posted", "note.posted", "note.edited", "note.deleted"}) {
		t.Errorf("events %q", got)
	}
	if c.Bridges[1].Events != nil {
		t.Errorf("a hook without a list has %q", c.Bridges[1].Events)
	}
}
