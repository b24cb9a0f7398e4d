package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// faults are how a fifth of all calls to a platform fail. A 429 keeps the bridge
// from every call for a second, and a call that hangs keeps one of few places: of
// those there are as few as leaves time for the rest.
var faults = []struct {
	share float64
	failure
}{
	{0.065, failure{status: http.StatusInternalServerError}},
	{0.070, failure{drop: simulator.DropAfter}},
	{0.063, failure{drop: simulator.DropBefore}},
	{0.001, failure{status: http.StatusTooManyRequests, wait: 1}},
	{0.001, failure{drop: simulator.DropAfter, delay: 3 * time.Second}},
}

const faultsInWords = "20 % of the calls to platforms fail (500, 429, time-outs, cut before and after their effect)"

// trouble makes all platforms fail so until it is ended.
func (w *world) trouble() (end func()) {
	var heals []func()
	for _, p := range w.platforms {
		left := 1.0 // of the calls that no fault before has hit
		for _, f := range faults {
			heals = append(heals, p.fail(f.failure, f.share/left))
			left -= f.share
		}
	}
	return func() {
		for _, heal := range heals {
			heal()
		}
	}
}

// hits says how many calls failed, in words.
func (w *world) hits() string {
	n := 0
	for _, p := range w.platforms {
		calls, _ := p.failed()
		n += calls
	}
	return fmt.Sprintf("%d calls failed", n)
}
