package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/pocketping/pocketping/core"
)

// bridgeKeyLeast is the length of a bridge's key after its prefix: 26 characters at
// random, of 32, hold 130 bits.
const bridgeKeyLeast = 26

// local are attributes of a program that the core launches.
var local = []string{"command", "sha256", "env", "mtls", "user", "memory"}

// Remote reports whether the plugin connects, in place of being launched.
func (b *Bridge) Remote() bool { return b.RemoteKey != "" }

func (b *Bridge) readRemote(c *Config, blk *block, body *hclsyntax.Body) {
	b.RemoteKey = blk.str("remote_key", "", checkKey(core.KindBridgeKey+"_", bridgeKeyLeast))
	attr := body.Attributes["remote_key"]
	if attr == nil {
		return
	}
	for _, name := range local {
		if here := body.Attributes[name]; here != nil {
			blk.wrong(here.NameRange, "%s belongs to a plugin that is launched here: with remote_key it runs elsewhere, and connects", name)
		}
	}
	if i := slices.IndexFunc(c.Bridges, func(o *Bridge) bool { return b.Remote() && o.RemoteKey == b.RemoteKey }); i >= 0 {
		blk.wrong(attr.SrcRange, "remote_key: line %d has the same one: `pocketping plugin key` makes another", c.Bridges[i].at.Start.Line)
	}
}
