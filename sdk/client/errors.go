package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Code says what kind of failure an Error is.
type Code string

// The codes of the API.
const (
	CodeInvalid      Code = "invalid"
	CodeUnauthorized Code = "unauthorized"
	CodeForbidden    Code = "forbidden"
	CodeNotFound     Code = "not_found"
	CodeTooLarge     Code = "too_large"
	CodeRateLimited  Code = "rate_limited"
	CodeConflict     Code = "conflict"
	CodeUnavailable  Code = "unavailable"
)

// Error is the server's refusal of a call.
type Error struct {
	Status     int // of HTTP
	Code       Code
	Message    string        // what is wrong and what to do
	RetryAfter time.Duration // zero: the server did not say
}

func (e *Error) Error() string { return "pocketping: " + string(e.Code) + ": " + e.Message }

// IsCode reports whether err is the server's refusal with the code.
func IsCode(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

const maxErrorBody = 64 << 10

func errorOf(res *http.Response) *Error {
	var body struct {
		Error struct {
			Code    Code   `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	raw, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // what came says enough
	e := &Error{Status: res.StatusCode, Code: CodeUnavailable, Message: res.Status}
	if json.Unmarshal(raw, &body) == nil && body.Error.Code != "" {
		e.Code, e.Message = body.Error.Code, body.Error.Message
	} else if res.StatusCode < 500 {
		e.Code = CodeInvalid // a proxy's answer
	}
	if res.StatusCode == http.StatusTooManyRequests {
		e.Code = CodeRateLimited
	}
	e.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
	return e
}

// retryAfter reads the header in both its forms: seconds, or, from some proxies, a
// moment. Zero: there is none.
func retryAfter(header string, now time.Time) time.Duration {
	if s, err := strconv.Atoi(header); err == nil {
		return time.Duration(max(0, s)) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

// cutError is a connection that could not be made, or broke.
type cutError struct{ err error }

func (e *cutError) Error() string { return "pocketping: " + e.err.Error() }
func (e *cutError) Unwrap() error { return e.err }

// passing reports whether the same call may go well later.
func passing(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var cut *cutError
	return errors.As(err, &cut) || IsCode(err, CodeRateLimited) || IsCode(err, CodeUnavailable)
}
