package discordtest

import (
	"net/url"
	"strings"
)

// route is one operation of the REST API.
type route struct {
	method, pattern string
	class           string // its limit's name: routes of one class share it
	rate            func(Limits) Rate
	open            bool // without a token
	do              func(*call) (status int, body any, err error)
}

func otherwise(l Limits) Rate { return l.Otherwise }
func reads(l Limits) Rate     { return l.Read }
func sends(l Limits) Rate     { return l.Send }
func edits(l Limits) Rate     { return l.Edit }
func deletes(l Limits) Rate   { return l.Delete }
func creates(l Limits) Rate   { return l.Create }
func reacts(l Limits) Rate    { return l.React }
func types(l Limits) Rate     { return l.Type }

// nowhere is the route of calls to none.
var nowhere = &route{class: "none", rate: otherwise, open: true}

// routes is filled by init: the handlers refer to it through findRoute.
var routes []route

func init() {
	const (
		channel = "/channels/{channel}"
		message = channel + "/messages/{message}"
		react   = message + "/reactions/{emoji}"
		hook    = "/webhooks/{webhook}"
		said    = hook + "/{token}/messages/{message}"
	)
	routes = []route{
		{"GET", "/gateway", "gateway", otherwise, true, (*call).getGateway},
		{"GET", "/gateway/bot", "gateway bot", otherwise, false, (*call).getGatewayBot},
		{"GET", "/users/@me", "me", otherwise, false, (*call).getMe},
		{"GET", "/users/@me/guilds", "my guilds", otherwise, false, (*call).getMyGuilds},
		{"GET", "/users/{user}", "user", otherwise, false, (*call).getUser},
		{"GET", "/applications/@me", "app", otherwise, false, (*call).getApp},
		{"GET", "/oauth2/applications/@me", "app", otherwise, false, (*call).getApp},
		{"GET", "/guilds/{guild}", "guild", otherwise, false, (*call).getGuild},
		{"GET", "/guilds/{guild}/channels", "guild channels", otherwise, false, (*call).getChannels},
		{"GET", "/guilds/{guild}/roles", "guild roles", otherwise, false, (*call).getRoles},
		{"GET", "/guilds/{guild}/members/{user}", "member", otherwise, false, (*call).getMember},
		{"GET", "/guilds/{guild}/threads/active", "active threads", reads, false, (*call).getActive},
		{"GET", channel, "channel", reads, false, (*call).getChannel},
		{"PATCH", channel, "edit channel", otherwise, false, (*call).editChannel},
		{"DELETE", channel, "edit channel", otherwise, false, (*call).deleteChannel},
		{"POST", channel + "/threads", "create thread", creates, false, (*call).createThread},
		{"POST", message + "/threads", "create thread", creates, false, (*call).createThreadFrom},
		{"GET", channel + "/threads/archived/public", "archived threads", reads, false, (*call).getArchived},
		{"PUT", channel + "/thread-members/@me", "members", otherwise, false, (*call).joinThread},
		{"DELETE", channel + "/thread-members/@me", "members", otherwise, false, (*call).joinThread},
		{"GET", channel + "/messages", "messages", reads, false, (*call).getMessages},
		{"POST", channel + "/messages", "send", sends, false, (*call).createMessage},
		{"POST", channel + "/messages/bulk-delete", "bulk delete", deletes, false, (*call).bulkDelete},
		{"GET", message, "message", reads, false, (*call).getMessage},
		{"PATCH", message, "edit", edits, false, (*call).editMessage},
		{"DELETE", message, "delete", deletes, false, (*call).deleteMessage},
		{"GET", react, "reactions", reads, false, (*call).getReactions},
		{"PUT", react + "/@me", "react", reacts, false, (*call).addReaction},
		{"DELETE", react + "/@me", "react", reacts, false, (*call).removeReaction},
		{"DELETE", react + "/{user}", "react", reacts, false, (*call).removeReaction},
		{"DELETE", message + "/reactions", "react", reacts, false, (*call).removeReactions},
		{"DELETE", react, "react", reacts, false, (*call).removeReactions},
		{"POST", channel + "/typing", "typing", types, false, (*call).startTyping},
		{"GET", channel + "/webhooks", "webhooks", otherwise, false, (*call).getWebhooks},
		{"POST", channel + "/webhooks", "webhooks", otherwise, false, (*call).createWebhook},
		{"GET", hook, "webhook", otherwise, false, (*call).getWebhook},
		{"DELETE", hook, "webhook", otherwise, false, (*call).deleteWebhook},
		{"GET", hook + "/{token}", "webhook", otherwise, true, (*call).getWebhook},
		{"DELETE", hook + "/{token}", "webhook", otherwise, true, (*call).deleteWebhook},
		{"POST", hook + "/{token}", "webhook send", sends, true, (*call).executeWebhook},
		{"GET", said, "webhook send", sends, true, (*call).getWebhookMessage},
		{"PATCH", said, "webhook send", sends, true, (*call).editWebhookMessage},
		{"DELETE", said, "webhook send", sends, true, (*call).deleteWebhookMessage},
	}
}

// findRoute is the route of a path, or nowhere with the reason.
func findRoute(method, path string) (*route, map[string]string, error) {
	err := errNotFound
	for i := range routes {
		values, ok := match(routes[i].pattern, path)
		if !ok {
			continue
		}
		if routes[i].method == method {
			return &routes[i], values, nil
		}
		err = errMethod
	}
	return nowhere, nil, err
}

// match compares a path that is still escaped with a pattern.
func match(pattern, path string) (map[string]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(want) != len(got) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		value, err := url.PathUnescape(got[i])
		if err != nil {
			return nil, false
		}
		if name, ok := strings.CutPrefix(w, "{"); ok {
			values[strings.TrimSuffix(name, "}")] = value
		} else if w != value {
			return nil, false
		}
	}
	return values, true
}
