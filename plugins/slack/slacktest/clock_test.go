package slacktest_test

import (
	"strconv"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestFastClock(t *testing.T) {
	s := start(t, slacktest.WithClock(simulator.FastClock(2000)))
	ts := s.Operator("Olga").Message("", "nobody is there")
	s.WaitFor(t, func(s slacktest.State) bool { return s.Lost == 1 }) // after six minutes and twelve seconds
	if later := s.Operator("Olga").Message("", "x"); seconds(t, later)-seconds(t, ts) < 370 {
		t.Errorf("%s follows %s, which was minutes before", later, ts)
	}
}

func seconds(t *testing.T, ts string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(ts, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
