package discordtest

import (
	"strconv"
	"time"
)

// discordEpoch is the first second of 2015, from which snowflakes count.
const discordEpoch = 1_420_070_400_000

// snowflake makes an id of the moment, above all earlier ones. It needs s.mu.
func (s *Server) snowflake() string {
	id := (s.clock.Now().UnixMilli() - discordEpoch) << 22
	s.lastID = max(id, s.lastID+1)
	return strconv.FormatInt(s.lastID, 10)
}

// madeAt is the moment in an id.
func madeAt(id string) time.Time {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n>>22 + discordEpoch)
}

// newer compares two ids: positive when a is the younger one.
func newer(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	switch {
	case a > b:
		return 1
	case a < b:
		return -1
	}
	return 0
}

func isSnowflake(id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && n > 0
}
