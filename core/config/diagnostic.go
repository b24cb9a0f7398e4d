package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// Diagnostic is one thing that is wrong in the file, and what to do about it.
type Diagnostic struct {
	File string
	Line int
	Text string
}

func (d Diagnostic) String() string { return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Text) }

// Diagnostics is everything that is wrong in the file, from top to bottom. As an
// error it has one line each.
type Diagnostics []Diagnostic

func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

func (ds *Diagnostics) add(at hcl.Range, format string, args ...any) {
	*ds = append(*ds, Diagnostic{File: at.Filename, Line: at.Start.Line, Text: fmt.Sprintf(format, args...)})
}

// err is nil when nothing is wrong.
func (ds Diagnostics) err() error {
	if len(ds) == 0 {
		return nil
	}
	slices.SortStableFunc(ds, func(a, b Diagnostic) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(ds)
}

// didYouMean is the end of a sentence about a word that is not known.
func didYouMean(word string, known []string) string {
	best, least := "", 3 // more than two slips are another word
	for _, k := range known {
		if d := levenshtein.Distance(word, k, nil); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	if len(known) == 0 {
		return ": it has none"
	}
	known = slices.Sorted(slices.Values(known))
	return ": there are " + strings.Join(known, ", ")
}
