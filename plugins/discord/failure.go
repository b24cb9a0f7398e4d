package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Discord's codes of what went wrong.
const (
	codeUnknownChannel  = 10003
	codeUnknownMessage  = 10008
	codeTooLarge        = 40005
	codeTagRequired     = 40067
	codeNoAccess        = 50001
	codeNotAuthor       = 50005
	codeEmpty           = 50006
	codeNoPermission    = 50013
	codeBadToken        = 50014
	codeSystemMessage   = 50021
	codeInvalidForm     = 50035
	codeArchived        = 50083
	codeHasThread       = 160004
	codeLocked          = 160005
	codeTooManyThreads  = 160006
	maxExplanationBytes = 500
)

// refusal is an answer of Discord that is not good.
type refusal struct {
	status, code int
	words        string
}

func (r *refusal) Error() string { return r.words }

// refusalOf reads the library's error; nil when it is no answer of Discord.
func refusalOf(err error) *refusal {
	var rest *discordgo.RESTError
	if !errors.As(err, &rest) || rest.Response == nil {
		return nil
	}
	r := &refusal{status: rest.Response.StatusCode, words: rest.Response.Status}
	if rest.Message != nil && rest.Message.Message != "" {
		r.code, r.words = rest.Message.Code, fmt.Sprintf("%s (%d)", rest.Message.Message, rest.Message.Code)
	}
	if r.code == codeInvalidForm {
		r.words += ": " + string(rest.ResponseBody[:min(len(rest.ResponseBody), maxExplanationBytes)])
	}
	return r
}

// answerOf finds what Discord answered in an error of a call.
func answerOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// says reports whether Discord refused with one of the codes.
func says(err error, codes ...int) bool {
	r := answerOf(err)
	return r != nil && slices.Contains(codes, r.code)
}

// failure says in the core's words why a call did not work; scope is the quota that
// the call belongs to. An error that is no answer of Discord leaves the outcome
// open: the core tries again.
func failure(scope string, err error) error {
	var l *limited
	if errors.As(err, &l) {
		if l.global {
			scope = globalScope
		}
		return plugin.RetryAfter(l.wait, scope, l)
	}
	r := refusalOf(err)
	if r == nil {
		return plain(err)
	}
	switch {
	case r.status >= 500:
		return fmt.Errorf("Discord has trouble of its own: %w", r)
	case r.code == codeUnknownChannel:
		return plugin.ThreadGone(r)
	}
	if words := whatToDo(r); words != "" {
		return plugin.Unusable(fmt.Errorf("%s (Discord: %w)", words, r))
	}
	return plugin.Permanent(fmt.Errorf("Discord: %w", r))
}

// whatToDo says how somebody can make the bridge work again; empty when the call
// alone was wrong.
func whatToDo(r *refusal) string {
	switch {
	case r.status == http.StatusUnauthorized || r.code == codeBadToken:
		return "Discord does not know the bot's token: choose “Reset Token” on the page “Bot” of the application at https://discord.com/developers/applications and put the new one into config.hcl"
	case r.code == codeNoAccess:
		return "the bot does not see the Discord channel: invite it to the server again, or allow it “View Channel” in the channel's settings"
	case r.code == codeNoPermission:
		return "the bot lacks a permission in the Discord channel: `pocketping check` names it; give it to the bot in the channel's settings"
	case r.code == codeTooManyThreads:
		return "the Discord server has as many active threads as Discord allows, and none of them is the bot's to archive: archive some"
	case r.code == codeTagRequired:
		return "the Discord forum wants a tag on every post and has none that the bot may set: make one, or switch off “Require people to select tags when posting”"
	case r.status == http.StatusNotFound && r.code == 0:
		return "there is no Discord API at this address: check api_url"
	case r.status == http.StatusForbidden && r.code == 0:
		return "Discord refuses calls from here: is the network, or the proxy of api_url, blocked?"
	}
	return ""
}

// channelGone is what a missing channel means where the channel itself was called.
func channelGone(err error) error {
	if !says(err, codeUnknownChannel) {
		return err
	}
	return plugin.Unusable(fmt.Errorf("there is no such Discord channel, or the bot does not see it: check channel_id, and that the bot is in the server (Discord: %w)", errors.Unwrap(err)))
}

// isUnusable reports whether somebody has to act.
func isUnusable(err error) bool { return isKind(err, plugin.FailureUnusable) }

func isKind(err error, kind plugin.FailureKind) bool {
	var f *plugin.Failure
	return errors.As(err, &f) && f.Kind == kind
}
