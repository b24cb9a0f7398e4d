//go:build chaos

package core

import (
	"os"
	"strings"
	"time"
)

// clockFile names the file that says by how much the clock is wrong, as in "-1h2m".
var clockFile = os.Getenv("POCKETPING_CLOCK")

// wall is what the machine's clock would show if it had been set so. A file that cannot
// be read moves nothing.
func wall() time.Time {
	text, err := os.ReadFile(clockFile)
	if err != nil {
		return time.Now()
	}
	by, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return time.Now()
	}
	return time.Now().Add(by).Round(0)
}
