package core

import "time"

// Hours are when somebody answers: in each day of the week, in the time of a zone.
type Hours struct {
	Zone *time.Location
	Week [7][]Span // by time.Weekday, ascending
}

// Span is part of a day, in minutes since midnight. To is the first minute after it,
// 24 hours at most.
type Span struct{ From, To int }

// Open reports whether it is within the hours. The clock on the wall decides: where
// it is set back, an hour counts twice.
func (h *Hours) Open(t time.Time) bool {
	if h == nil {
		return true
	}
	t = t.In(h.Zone)
	minute := t.Hour()*60 + t.Minute()
	for _, s := range h.Week[t.Weekday()] {
		if s.From <= minute && minute < s.To {
			return true
		}
	}
	return false
}

// Within is how much of the time between two moments is within the hours; what goes
// beyond enough may be left out.
func (h *Hours) Within(from, to time.Time, enough time.Duration) (sum time.Duration) {
	if h == nil {
		return max(0, to.Sub(from))
	}
	for from.Before(to) && sum < enough {
		from = from.In(h.Zone)
		until := to
		if _, set := from.ZoneBounds(); !set.IsZero() && set.Before(to) {
			until = set
		}
		_, offset := from.Zone()
		sum += h.within(from.In(time.FixedZone("", offset)), until, enough-sum)
		from = until
	}
	return sum
}

// within is the same while nobody sets the clock.
func (h *Hours) within(from, to time.Time, enough time.Duration) (sum time.Duration) {
	midnight := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	for ; midnight.Before(to) && sum < enough; midnight = midnight.AddDate(0, 0, 1) {
		for _, s := range h.Week[midnight.Weekday()] {
			begin, end := midnight.Add(time.Duration(s.From)*time.Minute), midnight.Add(time.Duration(s.To)*time.Minute)
			if begin.Before(from) {
				begin = from
			}
			if end.After(to) {
				end = to
			}
			sum += max(0, end.Sub(begin))
		}
	}
	return sum
}

// Opening is the next moment after t at which the hours begin; zero: they never do.
func (h *Hours) Opening(t time.Time) time.Time {
	if h == nil {
		return time.Time{}
	}
	// A week and a day: the hours may be but one span, which has begun today.
	for day := range 9 {
		if at := h.openingOn(t.In(h.Zone), day); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// openingOn is the first opening after t on the day that is so many days later.
func (h *Hours) openingOn(t time.Time, later int) (first time.Time) {
	at := func(minute int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+later, 0, minute, 0, 0, h.Zone)
	}
	_, set := at(0).ZoneBounds() // where the clock is set, it may jump into the hours
	begins := []time.Time{set}
	for _, s := range h.Week[at(12*60).Weekday()] {
		begins = append(begins, at(s.From))
	}
	for _, b := range begins {
		if b.After(t) && b.Before(at(24*60)) && h.begins(b) && (first.IsZero() || b.Before(first)) {
			first = b
		}
	}
	return first
}

// begins reports whether the hours begin just then, and do not merely go on.
func (h *Hours) begins(at time.Time) bool { return h.Open(at) && !h.Open(at.Add(-time.Minute)) }
