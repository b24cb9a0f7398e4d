// Command posthog is a PocketPing hook that tells PostHog, or whatever takes the same
// calls, of sessions, messages, ratings and the site's own events.
package main

import "github.com/pocketping/pocketping/sdk/plugin"

const version = "0.1.0"

func main() {
	plugin.Serve(plugin.Spec[Config]{
		Name: "posthog", Version: version, Kind: plugin.KindHook,
		Events: []string{
			plugin.SessionOpened, plugin.SessionClosed, plugin.SessionReopened, plugin.SessionRated,
			plugin.MessagePosted, plugin.VisitorIdentified, plugin.VisitorTracked,
		},
		New: newHook,
	})
}
