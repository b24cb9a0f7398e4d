package host

import "time"

// Hurry lets the host lose its patience so many times sooner. It is to be called
// before Run.
func (h *Host) Hurry(times int) {
	for _, d := range []*time.Duration{&h.patience.look, &h.patience.grace, &h.patience.again, &h.patience.sound, &h.patience.trial} {
		*d /= time.Duration(times)
	}
}
