package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

var errCannotDelete = errors.New("only its author can delete this message in Slack: the visitor no longer sees it; delete it there yourself")

var errCannotEdit = errors.New("Slack no longer lets the bot change this message: what it says here is not what the visitor reads now")

var (
	// Of the thread alone.
	threadGone = []string{
		"thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked", "thread_locked",
		"restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
	}
	// Slack could not say what became of the call.
	unknownOutcome = []string{
		"fatal_error", "internal_error", "service_unavailable", "request_timeout", "timeout", "team_added_to_org",
	}
)

// apiError is an answer of Slack that is not ok. Status is of an answer without a
// code of Slack's own, such as a proxy's.
type apiError struct {
	Method, Code, Needed string
	Status               int
	Wait                 time.Duration // of a 429
}

func (e *apiError) Error() string {
	switch {
	case e.Code == "":
		return fmt.Sprintf("%s: %d %s", e.Method, e.Status, http.StatusText(e.Status))
	case e.Needed != "":
		return fmt.Sprintf("%s: %s %s", e.Method, e.Code, e.Needed)
	}
	return e.Method + ": " + e.Code
}

func (e *apiError) is429() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == "ratelimited" || e.Code == "rate_limited"
}

// answerOf finds what Slack answered in an error of a call; nil when it did not.
func answerOf(err error) *apiError {
	var refused *apiError
	errors.As(err, &refused)
	return refused
}

// saying reports whether Slack refused with one of the codes.
func saying(err error, codes ...string) bool {
	refused := answerOf(err)
	return refused != nil && slices.Contains(codes, refused.Code)
}

// failure says in the core's words why a call did not work. An error that is no
// answer of Slack leaves the outcome open: the core tries again.
func failure(err error) error {
	refused := answerOf(err)
	if refused == nil {
		return err
	}
	switch {
	case refused.is429():
		return plugin.RetryAfter(refused.Wait, scopeOf(refused.Method), refused)
	case refused.Code == "" || refused.Status >= 500 || slices.Contains(unknownOutcome, refused.Code):
		return refused
	case slices.Contains(threadGone, refused.Code):
		return plugin.ThreadGone(refused)
	}
	if words := whatToDo(refused); words != "" {
		return plugin.Unusable(fmt.Errorf("%s (Slack: %w)", words, refused))
	}
	return plugin.Permanent(fmt.Errorf("Slack: %w", refused))
}

// whatToDo says how somebody can make the bridge work again; empty when the call
// alone was wrong.
func whatToDo(e *apiError) string {
	switch e.Code {
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "not_allowed_token_type":
		if e.Method == connectMethod {
			return "Slack does not take the app's token: make one with the scope connections:write on the app's page Basic Information and put it into config.hcl as app_token"
		}
		return "Slack does not take the bot's token: install the app to the workspace again and put the new token into config.hcl as bot_token"
	case "account_inactive", "app_uninstalled":
		return "the app was removed from the Slack workspace: install it again and put the new token into config.hcl"
	case "missing_scope", "no_permission":
		return fmt.Sprintf("the Slack app lacks the scope %s: bring its manifest up to date and install it to the workspace again", cmp.Or(e.Needed, "that this needs"))
	case "channel_not_found":
		return "there is no such Slack channel for the bot: check channel_id; a private channel has to /invite the bot first"
	case "is_archived":
		return "the Slack channel is archived: unarchive it, or put another channel_id into config.hcl"
	case "not_in_channel":
		return "the bot is not in the Slack channel: /invite it there"
	case "restricted_action", "restricted_action_read_only_channel", "posting_to_channel_denied":
		return "the bot may not post in the Slack channel: let it, in the channel's posting permissions"
	case "message_limit_exceeded":
		return "the Slack workspace has reached its plan's limit of messages"
	case "team_access_not_granted", "org_login_required", "ekm_access_denied", "access_denied", "enterprise_is_restricted":
		return "the Slack organisation does not let the app into this workspace: ask its administrator to approve the app"
	}
	return ""
}
