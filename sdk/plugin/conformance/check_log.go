package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

func (k *kit) allLogs() []*tail {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.logs)
}

func joined(lines [][]byte) []byte { return bytes.Join(lines, []byte("\n")) }

// plainLines are those that libraries write in their own way, of each launch.
const plainLines = 5

func logIsJSON(_ context.Context, k *kit) (string, error) {
	n := 0
	for _, log := range k.allLogs() {
		lines, _ := log.all()
		n += len(lines)
		if plain, _ := log.faults(); len(plain) > plainLines {
			return "", fmt.Errorf("%d lines are no JSON of a log: %.200q", len(plain), plain[0])
		}
	}
	return fmt.Sprintf("%d lines", n), nil
}

func logHasNoSecret(_ context.Context, k *kit) (string, error) {
	for _, log := range k.allLogs() {
		lines, _ := log.all()
		text := joined(lines)
		for _, secret := range k.secrets() {
			if bytes.Contains(text, []byte(secret)) {
				return "", errors.New("a secret stands in the log; the host hides it, and other places that get the log do not")
			}
		}
	}
	return "none", nil
}

func logIsShort(_ context.Context, k *kit) (string, error) {
	most := 200 + int(20*time.Since(k.began).Seconds())
	total := 0
	for _, log := range k.allLogs() {
		lines, size := log.all()
		total += len(lines)
		if len(lines) > most {
			return "", fmt.Errorf("%d lines of one launch, %d bytes", len(lines), size)
		}
		for _, line := range lines {
			if len(line) > 64<<10 {
				return "", fmt.Errorf("a line of %d bytes: it is cut after 2,000", len(line))
			}
		}
	}
	return fmt.Sprintf("%d lines of all launches", total), nil
}

func nothingCrashed(_ context.Context, k *kit) (string, error) {
	for _, log := range k.allLogs() {
		if _, panics := log.faults(); panics != "" {
			return "", fmt.Errorf("the log says %.300q", panics)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.deaths) > 0 {
		return "", errors.New(k.deaths[0])
	}
	return "nothing", nil
}
