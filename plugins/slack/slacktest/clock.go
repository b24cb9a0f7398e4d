package slacktest

import "github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"

// Clock tells the server the time. Package simulator has clocks that stand, run or
// jump.
type Clock = simulator.Clock
