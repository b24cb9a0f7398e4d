package simulator

import (
	"fmt"
	"strings"
)

// Flags takes names, each followed by whether it is set, and returns those that are,
// each in brackets after a space.
func Flags(pairs ...any) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1].(bool) {
			fmt.Fprintf(&b, " (%s)", pairs[i])
		}
	}
	return b.String()
}

// newest requests tell what went on before a test failed.
const newest = 20

// LastCalls are the newest requests, a line each.
func LastCalls[R any](log []R, line func(R) string) string {
	var b strings.Builder
	b.WriteString("\n  last calls:")
	for _, r := range log[max(len(log)-newest, 0):] {
		b.WriteString("\n    " + line(r))
	}
	return b.String()
}
