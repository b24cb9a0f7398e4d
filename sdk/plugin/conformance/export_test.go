package conformance

import "time"

// SetPatience changes how long what should happen at once may take: less for plugins that
// do not let it happen, more where many tests share the machine.
func SetPatience(d time.Duration) (restore func()) {
	p, s, c := patience, slowest, callWithin
	patience = d
	if d > p {
		slowest, callWithin = 3*d, 2*d
	}
	return func() { patience, slowest, callWithin = p, s, c }
}
