//go:build race

package host

// Plugins that are built with the race detector, as their host is, behave as GORACE says.
func init() { passed = append(passed, "GORACE") }
