package cli

import (
	"bytes"
	"strings"
	"testing"
)

// A program that prints more in one line than is read at once is read on.
func TestStandInReadsLongLines(t *testing.T) {
	var out bytes.Buffer
	passOn(strings.NewReader(strings.Repeat("x", 200<<10)+"\nafter\n"), &out)
	if !strings.Contains(out.String(), `"line":"after"`) {
		t.Errorf("what follows a line of 200 KiB is not passed on: %d bytes were", out.Len())
	}
}
