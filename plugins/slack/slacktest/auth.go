package slacktest

import (
	"slices"
	"strings"
)

// allScopes is what a bridge's manifest asks for.
var allScopes = []string{"chat:write", "chat:write.customize", "channels:history", "groups:history", "channels:read", "groups:read",
	"channels:join", "reactions:read", "reactions:write", "files:read", "files:write", "users:read"}

// auth is what became of the tokens.
type auth struct {
	refused     string // how the bot's is answered; "": it is good
	uninstalled bool   // the app's is worthless, too
}

func (s *Server) kindOf(token string) string {
	switch token {
	case "":
		return "none"
	case s.BotToken:
		return "bot"
	case s.AppToken:
		return "app"
	}
	return "wrong"
}

// authorize tells whether the token is good for the method.
func (c *call) authorize(m method) error {
	switch token := c.entry.Token; {
	case token == "none":
		return fail("not_authed")
	case token == "wrong":
		return fail("invalid_auth")
	case m.app != (token == "app"):
		return fail("not_allowed_token_type")
	case c.auth.uninstalled:
		return fail("account_inactive")
	case !m.app && c.auth.refused != "":
		return fail(c.auth.refused)
	}
	if m.app {
		return nil
	}
	return c.need(m.scope)
}

// need refuses a call without the scope; what reads a private channel has a scope
// of its own.
func (c *call) need(scope string) error {
	if ch := c.channels[c.params["channel"]]; ch != nil && ch.private && scope != "channels:join" {
		scope = strings.Replace(scope, "channels:", "groups:", 1)
	}
	if scope == "" || slices.Contains(c.scopes, scope) {
		return nil
	}
	return &Error{Code: "missing_scope", Needed: scope, Provided: strings.Join(c.scopes, ",")}
}
