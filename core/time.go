package core

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a time as people write it: Go's durations, and days.
func ParseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf(`must be a time, such as "30s", "24h" or "7d"; it is %q`, s)
	}
	return d, nil
}

// Time is a moment in milliseconds since the Unix epoch; zero means none. It is
// stored as it is and written to JSON as RFC 3339 in UTC with milliseconds.
type Time int64

const timeLayout = "2006-01-02T15:04:05.000Z"

// TimeOf cuts t to milliseconds.
func TimeOf(t time.Time) Time { return Time(t.UnixMilli()) }

// Std returns the moment as the standard library has it.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// IsZero reports whether there is no moment; encoding/json's omitzero asks it.
func (t Time) IsZero() bool { return t == 0 }

func (t Time) String() string { return t.Std().Format(timeLayout) }

// MarshalJSON writes the moment as the wire protocol has it.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, t.String()), nil
}

// UnmarshalJSON reads any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	var std time.Time
	if err := std.UnmarshalJSON(b); err != nil {
		return err
	}
	*t = TimeOf(std)
	return nil
}

// Clock tells the time. The order of a session never depends on it: seq does that.
type Clock interface{ Now() Time }

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current moment.
func (SystemClock) Now() Time { return TimeOf(wall()) }
