package outbound

import (
	"testing"
	"time"
)

// FuzzRetryAfter: whatever a receiver asks for is a time to wait, never one before now.
func FuzzRetryAfter(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	for _, value := range []string{"5", "-5", "99999999999", "Fri, 15 Jan 2027 08:00:00 GMT", "Fri, 15 Jan 9999 08:00:00 GMT", "soon", "", "1e3", " 5"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if wait := retryAfter(value, now); wait < 0 {
			t.Fatalf("%q is %s", value, wait)
		}
	})
}
