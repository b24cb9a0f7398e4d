package conformance

import "time"

// SetPatience changes how long what should happen at once may take, for plugins that do
// not let it happen.
func SetPatience(d time.Duration) (restore func()) {
	before := patience
	patience = d
	return func() { patience = before }
}
