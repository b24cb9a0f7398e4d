// Command webhook is a PocketPing hook that sends each event to an address of the
// site's own, signed as Standard Webhooks describes (https://www.standardwebhooks.com).
package main

import "github.com/pocketping/pocketping/sdk/plugin"

const version = "0.1.0"

func main() {
	plugin.Serve(plugin.Spec[Config]{Name: "webhook", Version: version, Kind: plugin.KindHook, New: newHook})
}
