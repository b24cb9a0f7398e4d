// Package plugin is what the author of a PocketPing bridge or hook imports.
//
// A bridge carries a session between PocketPing and a chat platform. It is a
// program whose main calls Serve with a Spec; the core launches it, tells it what
// to deliver, and takes what it receives:
//
//	func main() {
//		plugin.Serve(plugin.Spec[Config]{Name: "echo", New: newBridge})
//	}
//
// Only Bridge is required; a bridge that implements Runner, Checker, Typist,
// RunDeliverer, http.Handler or io.Closer as well can do more.
package plugin

import (
	"context"
	"time"
)

// Kind is what a plugin is for.
type Kind int

// The kinds. A bridge goes both ways, a hook only listens.
const (
	KindBridge Kind = iota
	KindHook
)

// Spec says what a plugin is and how to make its bridge. Config is a struct whose
// fields are the attributes of the plugin's block in config.hcl:
//
//	type Config struct {
//		Token  string `hcl:"token" secret:"true" help:"from @BotFather"`
//		ChatID int64  `hcl:"chat_id"`
//		Silent bool   `hcl:"silent,optional" help:"send without a sound"`
//	}
//
// string, int, int64, bool and []string are the types; a field is required unless
// it says ",optional". The core keeps the names pace, sha256, env, mtls, projects
// and command for itself.
type Spec[Config any] struct {
	Name    string
	Version string
	Kind    Kind

	// Events are the types it wants. EventTyping and EventReceipt come only when they
	// are named; when nothing else is, every stored event comes too.
	Events []string
	// Limits are the platform's quotas. The core keeps them: the bridge never
	// sleeps for quota.
	Limits []Limit
	// Parallel is how many sessions may be delivered to at once; 0 means 16.
	Parallel int
	// PublicPaths of the bridge's http.Handler are open to all.
	PublicPaths []string
	// Cannot says in words for operators what the platform cannot do, by action.
	Cannot map[string]string

	// New makes the bridge. It must not call the platform: a bridge starts, and
	// queues, also while its platform is down. FieldError names a field that is wrong.
	New func(ctx context.Context, config Config, host Host) (Bridge, error)
}

// Limit is a quota: at most Calls calls in any window of Per, over everything
// that has the scope.
type Limit struct {
	Scope string
	Calls int
	Per   time.Duration
}
