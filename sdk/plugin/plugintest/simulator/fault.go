package simulator

import (
	"math/rand/v2"
	"slices"
)

// Drop says whether and when a fault cuts the connection.
type Drop int

// When the connection is cut: before the call does something, or after it did it
// and before it answers.
const (
	DropNever Drop = iota
	DropBefore
	DropAfter
)

// Faults are those that were injected into a simulator, in order. F is the
// simulator's own type of them. The zero value has none; whoever uses it locks.
type Faults[F any] struct{ all, gone []*injected[F] }

type injected[F any] struct {
	fault  F
	times  int
	chance float64
	hits   int
}

// Add injects a fault that hits so many times (0: until it is removed), each call
// with this chance (0: every call), and returns how to remove it.
func (f *Faults[F]) Add(fault F, times int, chance float64) (remove func()) {
	added := &injected[F]{fault: fault, times: times, chance: chance}
	f.all = append(f.all, added)
	return func() { f.remove(added) }
}

// Hits is how many calls were hit so far by such faults; nil: by any.
func (f *Faults[F]) Hits(such func(F) bool) (n int) {
	for _, in := range slices.Concat(f.all, f.gone) {
		if such == nil || such(in.fault) {
			n += in.hits
		}
	}
	return n
}

func (f *Faults[F]) remove(gone *injected[F]) {
	for i, in := range f.all {
		if in == gone {
			f.all, f.gone = append(f.all[:i:i], f.all[i+1:]...), append(f.gone, gone)
			return
		}
	}
}

// Pick is the first fault that hits a call, of those that concern it; the zero
// fault when there is none.
func (f *Faults[F]) Pick(rnd *rand.Rand, concerns func(F) bool) F {
	for _, in := range f.all {
		if !concerns(in.fault) || in.chance > 0 && rnd.Float64() >= in.chance {
			continue
		}
		in.hits++
		if in.times > 0 {
			if in.times--; in.times == 0 {
				f.remove(in)
			}
		}
		return in.fault
	}
	var none F
	return none
}
