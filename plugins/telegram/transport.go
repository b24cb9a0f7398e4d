package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// transport stands between the library and the net. The library knows the Bot API
// of one version and refuses a whole answer for one value that is newer; after a
// send that would mean sending it again. It also keeps of an error only its text.
// So answers are cut to their plain values, all that a bridge reads of them, and
// errors go through as they are.
type transport struct {
	client *http.Client
}

func (t *transport) Do(r *http.Request) (*http.Response, error) {
	result, err := t.call(r)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"ok": true, "result": plainValues(result)})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func (t *transport) call(r *http.Request) (json.RawMessage, error) {
	resp, err := t.client.Do(r)
	if err != nil {
		return nil, kit.Unreached("Telegram", err)
	}
	defer resp.Body.Close()
	return readAnswer(resp)
}

const maxAnswer = 16 << 20 // getUpdates stops at about 4 MiB

// readAnswer reads the result of a call. What is no JSON, such as the page of a
// proxy, becomes an error with the status alone.
func readAnswer(resp *http.Response) (json.RawMessage, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	var answer struct {
		OK          bool            `json:"ok"`
		Result      json.RawMessage `json:"result"`
		Code        int             `json:"error_code"`
		Description string          `json:"description"`
		Parameters  struct {
			RetryAfter int   `json:"retry_after"`
			MigrateTo  int64 `json:"migrate_to_chat_id"`
		} `json:"parameters"`
	}
	err = json.Unmarshal(body, &answer)
	if err == nil && answer.OK {
		return answer.Result, nil
	}
	failed := &apiError{Code: answer.Code, Description: answer.Description, MigrateTo: answer.Parameters.MigrateTo}
	if err != nil || failed.Code == 0 {
		failed.Code, failed.Description = resp.StatusCode, fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	seconds := answer.Parameters.RetryAfter
	if seconds == 0 {
		seconds, _ = strconv.Atoi(resp.Header.Get("Retry-After")) // absent: none
	}
	failed.RetryAfter = time.Duration(seconds) * time.Second
	return nil, failed
}

// plainValues leaves the strings, numbers and booleans of an object.
func plainValues(raw json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	for name, value := range fields {
		if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
			delete(fields, name)
		}
	}
	plain, err := json.Marshal(fields)
	if err != nil {
		return raw
	}
	return plain
}
