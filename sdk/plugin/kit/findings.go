package kit

import (
	"fmt"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Findings is what a bridge's Check has found so far, in order. The zero value is
// empty.
type Findings struct {
	All []plugin.Finding
}

// Good notes what is as it should be. It returns true.
func (f *Findings) Good(name, format string, args ...any) bool {
	f.All = append(f.All, plugin.Finding{OK: true, Name: name, Text: fmt.Sprintf(format, args...)})
	return true
}

// Bad notes what somebody has to put right, and how. It returns false.
func (f *Findings) Bad(name, format string, args ...any) bool {
	f.All = append(f.All, plugin.Finding{Name: name, Text: fmt.Sprintf(format, args...)})
	return false
}
