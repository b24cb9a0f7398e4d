package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
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

// apiError is an answer of Discord that is not good.
type apiError struct {
	status, code int
	words        string
}

func (e *apiError) Error() string { return e.words }

// refusalOf reads the library's error; nil when it is no answer of Discord.
func refusalOf(err error) *apiError {
	var rest *discordgo.RESTError
	if !errors.As(err, &rest) || rest.Response == nil {
		return nil
	}
	r := &apiError{status: rest.Response.StatusCode, words: rest.Response.Status}
	if rest.Message != nil && rest.Message.Message != "" {
		r.code, r.words = rest.Message.Code, fmt.Sprintf("%s (%d)", rest.Message.Message, rest.Message.Code)
	}
	if r.code == codeInvalidForm {
		r.words += ": " + string(rest.ResponseBody[:min(len(rest.ResponseBody), maxExplanationBytes)])
	}
	return r
}

// answerOf finds what Discord answered in an error of a call; nil when it did not.
func answerOf(err error) *apiError {
	var refused *apiError
	errors.As(err, &refused)
	return refused
}

// saying reports whether Discord refused with one of the codes.
func saying(err error, codes ...int) bool {
	refused := answerOf(err)
	return refused != nil && slices.Contains(codes, refused.code)
}

// limited is Discord's answer that it takes no more calls for a while.
type limited struct {
	wait   time.Duration
	global bool
}

func (l *limited) Error() string {
	return fmt.Sprintf("Discord takes no more calls for %v", l.wait.Round(time.Millisecond))
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
	refused := refusalOf(err)
	if refused == nil {
		return kit.Unreached("Discord", err)
	}
	switch {
	case refused.status >= 500:
		return fmt.Errorf("Discord has trouble of its own: %w", refused)
	case refused.code == codeUnknownChannel:
		return plugin.ThreadGone(refused)
	}
	if words := whatToDo(refused); words != "" {
		return plugin.Unusable(fmt.Errorf("%s (Discord: %w)", words, refused))
	}
	return plugin.Permanent(fmt.Errorf("Discord: %w", refused))
}

// whatToDo says how somebody can make the bridge work again; empty when the call
// alone was wrong.
func whatToDo(e *apiError) string {
	switch {
	case e.status == http.StatusUnauthorized || e.code == codeBadToken:
		return "Discord does not know the bot's token: choose “Reset Token” on the page “Bot” of the application at https://discord.com/developers/applications and put the new one into config.hcl"
	case e.code == codeNoAccess:
		return "the bot does not see the Discord channel: invite it to the server again, or allow it “View Channel” in the channel's settings"
	case e.code == codeNoPermission:
		return "the bot lacks a permission in the Discord channel: `pocketping check` names it; give it to the bot in the channel's settings"
	case e.code == codeTooManyThreads:
		return "the Discord server has as many active threads as Discord allows, and none of them is the bot's to archive: archive some"
	case e.code == codeTagRequired:
		return "the Discord forum wants a tag on every post and has none that the bot may set: make one, or switch off “Require people to select tags when posting”"
	case e.status == http.StatusNotFound && e.code == 0:
		return "there is no Discord API at this address: check api_url"
	case e.status == http.StatusForbidden && e.code == 0:
		return "Discord refuses calls from here: is the network, or the proxy of api_url, blocked?"
	}
	return ""
}

// channelGone is what a missing channel means where the channel itself was called.
func channelGone(err error) error {
	if !saying(err, codeUnknownChannel) {
		return err
	}
	return plugin.Unusable(fmt.Errorf("there is no such Discord channel, or the bot does not see it: check channel_id, and that the bot is in the server (Discord: %w)", errors.Unwrap(err)))
}
