package core_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/pocketping/pocketping/core"
)

func berlin(t *testing.T) *core.Hours {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	h := &core.Hours{Zone: zone}
	for day := time.Monday; day <= time.Thursday; day++ {
		h.Week[day] = []core.Span{{From: 9 * 60, To: 12*60 + 30}, {From: 13*60 + 30, To: 17 * 60}}
	}
	h.Week[time.Friday] = []core.Span{{From: 22 * 60, To: 24 * 60}} // into the night
	h.Week[time.Saturday] = []core.Span{{From: 0, To: 4 * 60}}
	h.Week[time.Sunday] = []core.Span{{From: 2*60 + 30, To: 5 * 60}} // the hour that is left out, or comes twice
	return h
}

// 2026 in Berlin: the clock goes from 2 to 3 on 29 March, and from 3 to 2 on 25 October.
func TestHours(t *testing.T) {
	h := berlin(t)
	for _, tt := range []struct {
		at, opening string // UTC
		open        bool
	}{
		{"2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z", false}, // Monday, 8:59:59
		{"2026-11-23T08:00:00Z", "2026-11-23T12:30:00Z", true},
		{"2026-11-23T11:29:59Z", "2026-11-23T12:30:00Z", true},
		{"2026-11-23T11:30:00Z", "2026-11-23T12:30:00Z", false}, // lunch
		{"2026-11-23T16:00:00Z", "2026-11-24T08:00:00Z", false},
		{"2026-11-26T16:00:00Z", "2026-11-27T21:00:00Z", false}, // Thursday evening
		{"2026-11-27T22:59:59Z", "2026-11-29T01:30:00Z", true},  // Friday to Saturday, without a break
		{"2026-11-27T23:00:00Z", "2026-11-29T01:30:00Z", true},
		{"2026-11-28T03:00:00Z", "2026-11-29T01:30:00Z", false},
		{"2026-07-06T07:00:00Z", "2026-07-06T11:30:00Z", true},  // in summer it is 9 at 7
		{"2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", false}, // Sunday: 2:30 does not come, 3 comes in its place
		{"2026-03-29T01:00:00Z", "2026-03-30T07:00:00Z", true},
		{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", true}, // 2:30 for the first time
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Open(at); got != tt.open {
			t.Errorf("%s: open %v", tt.at, got)
		}
		if got := h.Opening(at).UTC().Format(time.RFC3339); got != tt.opening {
			t.Errorf("%s: opens next at %s, want %s", tt.at, got, tt.opening)
		}
	}
}

func TestHoursThatAreNoneOrAlways(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var always *core.Hours
	if !always.Open(now) || !always.Opening(now).IsZero() {
		t.Error("without hours somebody always answers, and nothing opens")
	}
	never := &core.Hours{Zone: time.UTC}
	if never.Open(now) || !never.Opening(now).IsZero() {
		t.Error("hours without a day are never")
	}
	day := &core.Hours{Zone: time.UTC}
	for i := range day.Week {
		day.Week[i] = []core.Span{{From: 0, To: 24 * 60}}
	}
	if !day.Open(now) || !day.Opening(now).IsZero() {
		t.Error("hours round the clock are open and never open")
	}
	once := &core.Hours{Zone: time.UTC}
	once.Week[time.Monday] = []core.Span{{From: 8 * 60, To: 9 * 60}}
	if got := once.Opening(now); !got.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("the one of the week opens at %s", got)
	}
}

// How long somebody waits counts within the hours only, also over the days on which the
// clock is set: what is open then is what Open says.
func TestHoursWithin(t *testing.T) {
	h := berlin(t)
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, tt := range []struct {
		from, to string
		want     time.Duration
	}{
		{"2026-11-23T08:10:00Z", "2026-11-23T08:40:00Z", 30 * time.Minute},              // Monday morning
		{"2026-11-23T11:20:00Z", "2026-11-23T12:40:00Z", 20 * time.Minute},              // over lunch
		{"2026-11-23T15:50:00Z", "2026-11-24T08:05:00Z", 15 * time.Minute},              // over night
		{"2026-11-26T15:30:00Z", "2026-11-27T21:30:00Z", time.Hour},                     // Thursday to Friday night
		{"2026-11-27T22:30:00Z", "2026-11-27T23:30:00Z", time.Hour},                     // past midnight
		{"2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z", 2 * time.Hour},                 // 3:00 to 5:00 of summer time
		{"2026-10-25T00:00:00Z", "2026-10-25T05:00:00Z", 3 * time.Hour},                 // half of the hour that comes twice is open each time
		{"2026-10-24T21:00:00Z", "2026-10-26T08:10:00Z", 3*time.Hour + 10*time.Minute},  // the whole night, and ten minutes of Monday
		{"2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z", 0},                             // a clock that was set back
		{"2020-01-01T00:00:00Z", "2026-11-23T08:00:00Z", time.Duration(24) * time.Hour}, // enough
		{"2026-11-28T04:00:00Z", "2026-11-29T01:00:00Z", 0},                             // nobody answers
	} {
		if got := min(h.Within(at(tt.from), at(tt.to), 24*time.Hour), 24*time.Hour); got != tt.want {
			t.Errorf("from %s to %s: %s, want %s", tt.from, tt.to, got, tt.want)
		}
	}
	if got := (*core.Hours)(nil).Within(at("2026-11-23T08:00:00Z"), at("2026-11-23T09:00:00Z"), time.Minute); got != time.Hour {
		t.Errorf("without hours: %s", got)
	}
}
