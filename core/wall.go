//go:build !chaos

package core

import "time"

// wall is what the machine's clock shows.
func wall() time.Time { return time.Now() }
