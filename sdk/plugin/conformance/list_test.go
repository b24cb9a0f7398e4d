package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin/conformance"
)

var anew = flag.Bool("update", false, "write the list of checks in docs/plugins/test.md anew")

const (
	page      = "../../../docs/plugins/test.md"
	listFrom  = "<!-- checks -->\n"
	listUntil = "<!-- end of checks -->\n"
)

// The page tells of the checks that there are.
func TestTheListOfChecks(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), listFrom)
	have, after, end := strings.Cut(rest, listUntil)
	if !found || !end {
		t.Fatalf("%s has no place for the list", page)
	}
	var want strings.Builder
	all := conformance.Statements()
	fmt.Fprintf(&want, "%d checks:\n\n| check | expected |\n|---|---|\n", len(all))
	for _, s := range all {
		fmt.Fprintf(&want, "| `%s` | %s |\n", s.Name, strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(s.Expected))
	}
	switch {
	case have == want.String():
	case *anew:
		if err := os.WriteFile(page, []byte(before+listFrom+want.String()+listUntil+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not tell of the checks that there are: run this test with -update", page)
	}
}
