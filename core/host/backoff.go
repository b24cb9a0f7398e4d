package host

import (
	"math/rand/v2"
	"time"
)

// backoff grows from a second to a minute, with jitter so that many do not come
// back together.
func backoff(tries int) time.Duration {
	d := time.Second << min(max(tries-1, 0), 6)
	return jitter(min(d, time.Minute))
}

// jitter is d, give or take a quarter.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(rand.Int64N(int64(d)/2+1))
}
