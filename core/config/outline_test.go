package config

import (
	"slices"
	"testing"
)

// A bridge that is new in the file is among those that are to run.
func TestRestartsOfAnotherFile(t *testing.T) {
	read := func(src string) (*Config, Outline) {
		t.Helper()
		c, err := parse("testdata/config.hcl", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return c, c.Outline([]byte("key"))
	}
	was := `
bridge "inbox" {}
hook "webhook" { token = "one" }
`
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"nothing changed":         {was, nil},
		"a hook is new":           {was + `hook "webhook" "crm" { token = "two" }`, []string{"crm"}},
		"a bridge has a new name": {`bridge "inbox" "desk" {}` + "\n" + `hook "webhook" { token = "one" }`, []string{"desk"}},
		"a field is another":      {`bridge "inbox" {}` + "\n" + `hook "webhook" { token = "two" }`, []string{"webhook"}},
		"who may answer":          {`bridge "inbox" { operators = ["olga"] }` + "\n" + `hook "webhook" { token = "one" }`, nil},
	} {
		_, before := read(was)
		c, now := read(test.file)
		var got []string
		for _, b := range c.Restarts(before, now) {
			got = append(got, b.ID)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q start, not %q", name, got, test.want)
		}
	}
}
