package main

import (
	"context"
	"net/http"
	"strconv"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Check looks at everything that the bridge needs on Discord's side. What comes
// after something that is missing is not looked at.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	c := checking{platform: b.platform, ctx: ctx}
	if c.bot() {
		c.starts(newGateway(b.platform.api, b.host))
		heedLibrary(b.gateway)
		if c.place() {
			c.tags()
			c.permissions()
		}
	}
	return c.All
}

type checking struct {
	*platform
	kit.Findings
	ctx context.Context
	me  user
	at  channel
}

// broken is a call that failed for a reason of its own.
func (c *checking) broken(name string, err error) bool {
	refused := answerOf(err)
	if refused == nil {
		return c.Bad(name, "%v; check the network and api_url", err)
	}
	if words := whatToDo(refused); words != "" {
		return c.Bad(name, "%s", words)
	}
	return c.Bad(name, "Discord says %q", refused.words)
}

func (c *checking) get(address string, answer any) error {
	return c.call(c.ctx, request{method: http.MethodGet, url: address, scope: globalScope}, answer)
}

func (c *checking) bot() bool {
	me, err := c.platform.me(c.ctx)
	if err != nil {
		return c.broken("token", err)
	}
	c.me = me
	return c.Good("token", "the bot is %s", me.Name)
}

// starts looks how many connections are left today, and takes one of them to see
// whether the bot may read messages.
func (c *checking) starts(g *gateway) {
	var gate struct {
		Limit struct {
			Remaining *int  `json:"remaining"`
			ResetIn   int64 `json:"reset_after"` // milliseconds
		} `json:"session_start_limit"`
	}
	if err := c.get(discordgo.EndpointGatewayBot, &gate); err != nil {
		c.broken("gateway", err)
		return
	}
	if left := gate.Limit.Remaining; left != nil && *left < fewStarts {
		c.Bad("gateway", "%d connections are left to this bot for the next %d minutes: another program, or a restart over and over, uses them up", *left, gate.Limit.ResetIn/60_000)
		return
	}
	heedLibrary(g)
	switch err := g.try(c.ctx); {
	case plugin.KindOf(err) == plugin.FailureUnusable:
		c.Bad("message content intent", "%v", err)
	case err != nil:
		c.Bad("gateway", "the connection over which Discord reports what operators do does not work: %v", err)
	default:
		c.Good("gateway", "it connects")
		c.Good("message content intent", "it is ticked")
	}
}

// fewStarts are kept for the bridge itself.
const fewStarts = 10

func (c *checking) place() bool {
	at, err := c.platform.channel(c.ctx, c.config.ChannelID)
	switch {
	case saying(err, codeUnknownChannel, codeNoAccess):
		return c.Bad("channel", "there is no channel %s that the bot sees: check channel_id, invite the bot to the server with %s, and allow it “View Channel” in the channel's settings", c.config.ChannelID, invite(c.me.ID))
	case err != nil:
		return c.broken("channel", err)
	}
	c.at = at
	if words := wrongKind(at); words != "" {
		return c.Bad("channel", "#%s is %s: give the id of a forum, or of a text channel", at.Name, words)
	}
	if (place{channel: at}).isForum() {
		return c.Good("channel", "#%s is a forum: each session is a post", at.Name)
	}
	return c.Good("channel", "#%s is a text channel: each session is a thread", at.Name)
}

func (c *checking) tags() {
	at := place{channel: c.at}
	for _, name := range []string{c.config.OpenTag, c.config.ClosedTag} {
		switch {
		case name == "":
		case !at.isForum():
			c.Bad("tag "+name, "only forums have tags: leave open_tag and closed_tag out")
		case tagNamed(at, name) == "":
			c.Bad("tag "+name, "the forum has no such tag: make it in the channel's settings, or change open_tag and closed_tag")
		default:
			c.Good("tag "+name, "the forum has it")
		}
	}
	if at.Flags&flagRequireTag != 0 && len(c.config.tagsOf(at, false, nil)) == 0 {
		c.Bad("tags", "%s", whatToDo(&apiError{code: codeTagRequired}))
	}
}

// invite is where somebody brings the bot into a server, with all permissions that
// the bridge can need: an application of today has its bot's id.
func invite(bot string) string {
	return "https://discord.com/oauth2/authorize?client_id=" + bot + "&scope=bot&permissions=" + strconv.FormatInt(invitePermissions, 10)
}

const invitePermissions = discordgo.PermissionViewChannel | discordgo.PermissionSendMessages | discordgo.PermissionSendMessagesInThreads |
	discordgo.PermissionCreatePublicThreads | discordgo.PermissionReadMessageHistory | discordgo.PermissionAttachFiles |
	discordgo.PermissionAddReactions | discordgo.PermissionManageThreads | discordgo.PermissionManageMessages

// right is a permission that the bridge needs.
type right struct {
	bit     int64
	label   string // in Discord's settings
	without string
}

// rights are those that a forum and a text channel have in common.
var rights = []right{
	{discordgo.PermissionViewChannel, "View Channel", "it sees nothing"},
	{discordgo.PermissionReadMessageHistory, "Read Message History", "it cannot fetch what it missed"},
	{discordgo.PermissionSendMessagesInThreads, "Send Messages in Threads", "visitors' messages do not arrive"},
	{discordgo.PermissionManageThreads, "Manage Threads", "it cannot lock a closed session's thread, nor write in a locked one"},
	{discordgo.PermissionManageMessages, "Manage Messages", "it cannot delete an operator's message that was deleted elsewhere"},
	{discordgo.PermissionAttachFiles, "Attach Files", "files arrive as links"},
}

func (c *checking) permissions() {
	has, err := c.allowed()
	if err != nil {
		c.broken("permissions", err)
		return
	}
	needed := append([]right{{discordgo.PermissionSendMessages, "Send Messages and Create Posts", "it cannot open a session's post"}}, rights...)
	if !(place{channel: c.at}).isForum() {
		needed[0] = right{discordgo.PermissionSendMessages, "Send Messages", "it cannot open a session's thread"}
		needed = append(needed, right{discordgo.PermissionCreatePublicThreads, "Create Public Threads", "it cannot open a session's thread"})
	}
	if c.config.ReadMarks {
		needed = append(needed, right{discordgo.PermissionAddReactions, "Add Reactions", "it cannot mark what a visitor has read"})
	}
	for _, r := range needed {
		if has&r.bit != 0 {
			c.Good("permission "+r.label, "given")
		} else {
			c.Bad("permission "+r.label, "give it to the bot in the settings of #%s: without it %s", c.at.Name, r.without)
		}
	}
}

// allowed are the bot's permissions in the channel: those of its roles, changed by
// what the channel says of everyone, of its roles and of itself.
func (c *checking) allowed() (int64, error) {
	var roles []role
	if err := c.get(discordgo.EndpointGuildRoles(c.at.GuildID), &roles); err != nil {
		return 0, err
	}
	var member struct{ Roles []string }
	if err := c.get(discordgo.EndpointGuildMember(c.at.GuildID, c.me.ID), &member); err != nil {
		return 0, err
	}
	mine := map[string]bool{c.at.GuildID: true} // everyone's role has the server's id
	for _, id := range member.Roles {
		mine[id] = true
	}
	var base int64
	for _, r := range roles {
		if mine[r.ID] {
			base |= bits(r.Permissions)
		}
	}
	if base&discordgo.PermissionAdministrator != 0 {
		return ^int64(0), nil
	}
	base = c.overwritten(base, func(o overwrite) bool { return o.Type == 0 && o.ID == c.at.GuildID })
	base = c.overwritten(base, func(o overwrite) bool { return o.Type == 0 && o.ID != c.at.GuildID && mine[o.ID] })
	return c.overwritten(base, func(o overwrite) bool { return o.Type == 1 && o.ID == c.me.ID }), nil
}

func (c *checking) overwritten(base int64, concerns func(overwrite) bool) int64 {
	var allow, deny int64
	for _, o := range c.at.Overwrites {
		if concerns(o) {
			allow, deny = allow|bits(o.Allow), deny|bits(o.Deny)
		}
	}
	return base&^deny | allow
}

func bits(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // what is no number allows nothing
	return n
}
