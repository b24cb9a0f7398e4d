package discordtest

import (
	"regexp"
	"slices"
)

var (
	codeText    = regexp.MustCompile("(?s)```.*?```|``.*?``|`[^`]*`")
	userPing    = regexp.MustCompile(`<@!?(\d+)>`)
	rolePing    = regexp.MustCompile(`<@&(\d+)>`)
	mentionsAll = regexp.MustCompile(`@everyone|@here`)
)

// usersIn are the ids of the users that a text mentions. A backslash protects
// nobody: what is shown as plain text is called all the same.
func usersIn(content string) []string { return found(userPing, content) }

func found(what *regexp.Regexp, content string) []string {
	var ids []string
	for _, m := range what.FindAllStringSubmatch(codeText.ReplaceAllString(content, ""), -1) {
		if id := m[len(m)-1]; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// allowedMentions is what a form lets its text call.
type allowedMentions struct {
	users, roles, everyone, replied bool
	onlyUsers, onlyRoles            []string
}

// mentionsOf reads allowed_mentions. Where it is missing everything is allowed,
// on an edit as on a new message.
func mentionsOf(f form) (allowedMentions, error) {
	if !f.has("allowed_mentions") {
		return allowedMentions{users: true, roles: true, everyone: true, replied: true}, nil
	}
	f = f.form("allowed_mentions")
	parse := f.ids("parse")
	a := allowedMentions{
		users: slices.Contains(parse, "users"), roles: slices.Contains(parse, "roles"), everyone: slices.Contains(parse, "everyone"),
		replied: f.bool("replied_user"), onlyUsers: f.ids("users"), onlyRoles: f.ids("roles"),
	}
	if a.users && len(a.onlyUsers) > 0 || a.roles && len(a.onlyRoles) > 0 {
		return a, badField("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse:[\"users\"] and users: [ids...] are mutually exclusive.")
	}
	return a, nil
}

// mention finds whom the message calls, and records it.
func (c *call) mention(m *Message, f form, ch *channel) error {
	a, err := mentionsOf(f)
	if err != nil {
		return err
	}
	m.mentions, m.roles, m.everyone = nil, nil, false
	for _, id := range usersIn(m.Content) {
		if c.users[id] != nil && (a.users || slices.Contains(a.onlyUsers, id)) {
			m.mentions = append(m.mentions, id)
			m.ping(id)
		}
	}
	mayAll := c.can(ch, MentionEveryone)
	for _, id := range found(rolePing, m.Content) {
		known := slices.ContainsFunc(c.guild.roles, func(r *role) bool { return r.id == id })
		if known && mayAll && (a.roles || slices.Contains(a.onlyRoles, id)) {
			m.roles = append(m.roles, id)
			m.ping("role:" + id)
		}
	}
	for _, word := range found(mentionsAll, m.Content) {
		if a.everyone && mayAll {
			m.everyone = true
			m.ping(word)
		}
	}
	if to := c.messages[m.ReplyTo]; to != nil && a.replied && to.Author.ID != m.Author.ID {
		m.mentions = append(m.mentions, to.Author.ID)
		m.ping(to.Author.ID)
	}
	return nil
}

func (m *Message) ping(whom string) {
	if !slices.Contains(m.Pings, whom) {
		m.Pings = append(m.Pings, whom)
	}
}
