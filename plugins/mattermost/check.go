package main

import (
	"context"
	"net/http"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Check looks at everything that the bridge needs on the server.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	var f kit.Findings
	self, err := b.platform.ask(ctx)
	if err != nil {
		f.Bad("token", "%v", err)
		return f.All
	}
	f.Good("token", "the bot is @%s", self.Username)
	c, err := b.platform.channel(ctx)
	switch {
	case refused(err, http.StatusNotFound):
		f.Bad("channel", "there is no channel with this id: View Info of the channel shows it")
	case refused(err, http.StatusForbidden):
		f.Bad("channel", "the bot does not see the channel: add @%s to the team and to the channel", self.Username)
	case err != nil:
		f.Bad("channel", "%v", err)
	case c.DeleteAt > 0:
		f.Bad("channel", "the channel %s is archived: unarchive it, or give another channel_id", c.Name)
	default:
		f.Good("channel", "the channel is %s", c.Name)
	}
	switch err := b.platform.member(ctx); {
	case refused(err, http.StatusNotFound, http.StatusForbidden):
		f.Bad("member", "the bot is not in the channel: write /invite @%s there", self.Username)
	case err != nil:
		f.Bad("member", "%v", err)
	default:
		f.Good("member", "the bot is in the channel")
	}
	conn, err := b.platform.connect(ctx)
	if err != nil {
		f.Bad("receiving", "%v", err)
		return f.All
	}
	conn.close()
	f.Good("receiving", "the server tells the bot what operators write")
	return f.All
}
