package discordtest

import "slices"

// Permission is a set of Discord's permission bits.
type Permission int64

// The permissions that the simulator looks at.
const (
	ManageChannels  Permission = 1 << 4
	AddReactions    Permission = 1 << 6
	ViewChannel     Permission = 1 << 10
	SendMessages    Permission = 1 << 11
	ManageMessages  Permission = 1 << 13
	EmbedLinks      Permission = 1 << 14
	AttachFiles     Permission = 1 << 15
	ReadHistory     Permission = 1 << 16
	MentionEveryone Permission = 1 << 17
	ManageWebhooks  Permission = 1 << 29
	ManageThreads   Permission = 1 << 34
	CreateThreads   Permission = 1 << 35 // public ones
	CreatePrivate   Permission = 1 << 36
	SendInThreads   Permission = 1 << 38

	administrator Permission = 1 << 3
	all           Permission = 1<<53 - 1
)

// BotPermissions are those of the bot's own role when a server starts: what a
// bridge needs, without webhooks.
const BotPermissions = ViewChannel | SendMessages | SendInThreads | ReadHistory | AttachFiles | EmbedLinks |
	AddReactions | ManageThreads | ManageMessages | CreateThreads

// everyonePermissions are what a new guild lets everybody do.
const everyonePermissions = ViewChannel | SendMessages | SendInThreads | ReadHistory | AttachFiles | EmbedLinks |
	AddReactions | CreateThreads | CreatePrivate | MentionEveryone

type role struct {
	id, name    string
	permissions Permission
	managed     bool
}

// overwrite changes permissions in one channel, of a role or of a member.
type overwrite struct {
	id          string
	member      bool
	allow, deny Permission
}

// allowed are the bot's permissions in the channel, computed as Discord
// documents it: roles, then the overwrites of everyone, of roles, of the member.
func (s *Server) allowed(c *channel) Permission {
	if s.guild.kicked {
		return 0
	}
	var base Permission
	for _, r := range s.guild.roles {
		if r.id == s.GuildID || slices.Contains(s.guild.botRoles, r.id) {
			base |= r.permissions
		}
	}
	if base&administrator != 0 {
		return all
	}
	var everyone, roles, member overwrite
	for _, o := range s.parentOf(c).overwrites {
		switch {
		case o.id == s.GuildID:
			everyone = o
		case o.member && o.id == s.BotID:
			member = o
		case slices.Contains(s.guild.botRoles, o.id):
			roles.allow |= o.allow
			roles.deny |= o.deny
		}
	}
	for _, o := range []overwrite{everyone, roles, member} {
		base = base&^o.deny | o.allow
	}
	if base&ViewChannel == 0 {
		return 0
	}
	return base
}

func (s *Server) can(c *channel, p Permission) bool { return s.allowed(c)&p == p }

// RemovePermission takes the permissions from the bot in the whole guild.
func (s *Server) RemovePermission(p Permission) {
	s.permit(func() {
		for _, r := range s.guild.roles {
			s.setRole(r, r.permissions&^p)
		}
	})
}

// GrantPermission gives the permissions to the bot's own role.
func (s *Server) GrantPermission(p Permission) {
	s.permit(func() {
		r := s.guild.roles[1]
		s.setRole(r, r.permissions|p)
	})
}

func (s *Server) setRole(r *role, p Permission) {
	if r.permissions == p {
		return
	}
	r.permissions = p
	s.dispatch("GUILD_ROLE_UPDATE", nil, obj{"guild_id": s.GuildID, "role": wireRole(r)})
}

// Overwrite allows and denies the bot permissions in one channel, beside those of
// its roles. Twice zero removes the overwrite.
func (s *Server) Overwrite(channel string, allow, deny Permission) {
	s.overwrite(channel, overwrite{s.BotID, true, allow, deny})
}

// OverwriteRole is Overwrite for a role: RoleID, or GuildID for @everyone. A
// private channel denies @everyone ViewChannel and allows it to some roles.
func (s *Server) OverwriteRole(channel, role string, allow, deny Permission) {
	s.overwrite(channel, overwrite{role, false, allow, deny})
}

func (s *Server) overwrite(channel string, by overwrite) {
	s.permit(func() {
		c := s.must(channel)
		c.overwrites = slices.DeleteFunc(c.overwrites, func(o overwrite) bool { return o.id == by.id })
		if by.allow|by.deny != 0 {
			c.overwrites = append(c.overwrites, by)
		}
		s.dispatch("CHANNEL_UPDATE", nil, s.wireChannel(c))
	})
}

// permit changes permissions, and tells the bot of the active threads in channels
// that it sees from now on.
func (s *Server) permit(change func()) {
	s.update(func() {
		var hidden []*channel
		for _, c := range s.live(false) {
			if !s.can(c, ViewChannel) {
				hidden = append(hidden, c)
			}
		}
		change()
		for _, c := range hidden {
			if s.can(c, ViewChannel) {
				s.syncThreads(c)
			}
		}
	})
}

func (s *Server) syncThreads(parent *channel) {
	threads := []obj{}
	for _, t := range s.activeThreads() {
		if t.thread.Parent == parent.id {
			threads = append(threads, s.wireThread(t))
		}
	}
	s.dispatch("THREAD_LIST_SYNC", parent, obj{
		"guild_id": s.GuildID, "channel_ids": []string{parent.id}, "threads": threads, "members": []obj{},
	})
}
