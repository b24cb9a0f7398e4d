package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

var errTopicsOff = errors.New("topics are switched off in the Telegram group: switch them on in the group's settings, or nobody knows which message is whose")

var (
	errNoAdministrator = errors.New("the bot is no administrator of the Telegram group: make it one, or it sees no messages")
	errNoTopics        = errors.New("the bot lacks the right “Manage topics” in the Telegram group: give it to the bot, or new sessions get no topic")
)

var errCannotDelete = errors.New("the bot may not delete an operator's message in Telegram: give it the right “Delete messages”; what is older than 48 hours no bot may delete: delete it there yourself")

// apiError is an answer of Telegram that is not ok. Its description is the only
// thing that tells reasons apart.
type apiError struct {
	Code        int
	Description string
	RetryAfter  time.Duration
	MigrateTo   int64
}

func (e *apiError) Error() string { return e.Description }

// says reports whether the description holds one of the words.
func (e *apiError) says(words ...string) bool {
	description := strings.ToLower(e.Description)
	for _, w := range words {
		if strings.Contains(description, strings.ToLower(w)) {
			return true
		}
	}
	return false
}

// answerOf finds what Telegram answered in an error of a call; nil when it did not.
func answerOf(err error) *apiError {
	var refused *apiError
	errors.As(err, &refused)
	return refused
}

// saying reports whether Telegram refused with one of the words.
func saying(err error, words ...string) bool {
	refused := answerOf(err)
	return refused != nil && refused.says(words...)
}

// failure says in the core's words why a call did not work. An error that is no
// answer of Telegram leaves the outcome open: the core tries again.
func (a *api) failure(err error) error {
	refused := answerOf(err)
	if refused == nil {
		return err
	}
	switch {
	case refused.Code == http.StatusTooManyRequests:
		return plugin.RetryAfter(refused.RetryAfter, groupScope, refused)
	case refused.MigrateTo != 0:
		a.moved(refused.MigrateTo)
		return fmt.Errorf("the Telegram group has a new id, %d, which is used from now on: put it into config.hcl", refused.MigrateTo)
	case refused.Code >= 500:
		return refused
	case refused.says("message thread not found", "topic_deleted", "topic_id_invalid"):
		return plugin.ThreadGone(refused)
	}
	if words := whatToDo(refused); words != "" {
		return plugin.Unusable(fmt.Errorf("%s (Telegram: %w)", words, refused))
	}
	return plugin.Permanent(fmt.Errorf("Telegram: %w", refused))
}

// whatToDo says how somebody can make the bridge work again; empty when the call
// alone was wrong.
func whatToDo(e *apiError) string {
	switch {
	case e.Code == http.StatusUnauthorized || e.Code == http.StatusNotFound:
		return "Telegram does not know the bot's token: get a new one from @BotFather and put it into config.hcl"
	case e.says("bot was kicked", "bot is not a member"):
		return "the bot was removed from the Telegram group: add it again as an administrator"
	case e.Code == http.StatusForbidden:
		return "the bot may not act in the Telegram group: make it an administrator"
	case e.says("chat not found"):
		return "there is no such Telegram group, or the bot is not in it: check chat_id and add the bot to the group"
	case e.says("the chat is not a forum"):
		return errTopicsOff.Error()
	case e.says("not enough rights to create a topic"):
		return "the bot may not create topics: make it an administrator with the right “Manage topics”"
	case e.says("not enough rights to send", "have no rights to send", "chat_write_forbidden"):
		return "the bot may not write in the Telegram group: make it an administrator"
	case e.says("topic_closed"):
		return "the bot may not write in a closed topic: make it an administrator with the right “Manage topics”"
	}
	return ""
}
