package discordtest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// apiError is an answer that refuses.
type apiError struct {
	status, code int
	message      string
	fields       obj           // what is wrong with the form, with 50035
	wait         time.Duration // with 429
	scope        string        // with 429
}

func (e *apiError) Error() string { return e.message }

var (
	errNotFound       = &apiError{status: 404, message: "404: Not Found"}
	errMethod         = &apiError{status: 405, message: "405: Method Not Allowed"}
	errUnauthorized   = &apiError{status: 401, message: "401: Unauthorized"}
	errUnknownChannel = &apiError{status: 404, code: 10003, message: "Unknown Channel"}
	errUnknownGuild   = &apiError{status: 404, code: 10004, message: "Unknown Guild"}
	errUnknownMember  = &apiError{status: 404, code: 10007, message: "Unknown Member"}
	errUnknownMessage = &apiError{status: 404, code: 10008, message: "Unknown Message"}
	errUnknownUser    = &apiError{status: 404, code: 10013, message: "Unknown User"}
	errUnknownEmoji   = &apiError{status: 400, code: 10014, message: "Unknown Emoji"}
	errUnknownWebhook = &apiError{status: 404, code: 10015, message: "Unknown Webhook"}
	errTooManyEmoji   = &apiError{status: 400, code: 30010, message: "Maximum number of reactions reached (20)"}
	errTooManyHooks   = &apiError{status: 400, code: 30007, message: "Maximum number of webhooks reached (15)"}
	errTooLarge       = &apiError{status: 413, code: 40005, message: "Request entity too large"}
	errTagRequired    = &apiError{status: 400, code: 40067, message: "A tag is required to create a forum post in this channel"}
	errNoAccess       = &apiError{status: 403, code: 50001, message: "Missing Access"}
	errNotAuthor      = &apiError{status: 403, code: 50005, message: "Cannot edit a message authored by another user"}
	errEmpty          = &apiError{status: 400, code: 50006, message: "Cannot send an empty message"}
	errNotText        = &apiError{status: 400, code: 50008, message: "Cannot send messages in a non-text channel"}
	errNoPermission   = &apiError{status: 403, code: 50013, message: "Missing Permissions"}
	errBulkCount      = &apiError{status: 400, code: 50016, message: "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete"}
	errSystemMessage  = &apiError{status: 403, code: 50021, message: "Cannot execute action on a system message"}
	errChannelType    = &apiError{status: 400, code: 50024, message: "Cannot execute action on this channel type"}
	errHookToken      = &apiError{status: 401, code: 50027, message: "Invalid Webhook Token"}
	errTooOld         = &apiError{status: 400, code: 50034, message: "You can only bulk delete messages that are under 14 days old."}
	errArchived       = &apiError{status: 400, code: 50083, message: "Thread is archived"}
	errJSON           = &apiError{status: 400, code: 50109, message: "The request body contains invalid JSON."}
	errNoHistory      = &apiError{status: 400, code: 160002, message: "Cannot reply without permission to read message history"}
	errHasThread      = &apiError{status: 400, code: 160004, message: "A thread has already been created for this message"}
	errLocked         = &apiError{status: 400, code: 160005, message: "Thread is locked"}
	errThreadsFull    = &apiError{status: 400, code: 160006, message: "Maximum number of active threads reached"}
	errHookNeedsPost  = &apiError{status: 400, code: 220001, message: "Webhooks posted to forum channels must have a thread_name or thread_id"}
)

// badField is 50035 about one field of the form.
func badField(field, code, message string) *apiError {
	return &apiError{status: 400, code: 50035, message: "Invalid Form Body", fields: obj{
		field: obj{"_errors": []obj{{"code": code, "message": message}}},
	}}
}

func notSnowflake(field, value string) *apiError {
	return badField(field, "NUMBER_TYPE_COERCE", "Value \""+value+"\" is not snowflake.")
}

func writeError(w http.ResponseWriter, e *apiError) {
	if e.status != http.StatusTooManyRequests {
		body := obj{"message": e.message, "code": e.code}
		if e.fields != nil {
			body["errors"] = e.fields
		}
		writeJSON(w, e.status, body)
		return
	}
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.wait.Seconds()))))
	h.Set("X-RateLimit-Scope", e.scope)
	if e.scope == "global" {
		h.Set("X-RateLimit-Global", "true")
	}
	writeJSON(w, e.status, obj{"message": e.message, "retry_after": json.Number(seconds(e.wait)), "global": e.scope == "global"})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone when it fails
}
