package core

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is. Each edge (HTTP, socket, plugin)
// translates it once.
type Code string

// The codes of the wire protocol.
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

// Error is a failure that a person or a program outside may be shown: Message
// says what is wrong and what to do, and holds no secret.
type Error struct {
	Code       Code
	Message    string
	RetryAfter time.Duration // with rate_limited and unavailable
	Err        error         // the cause, for logs only
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unavailable wraps a failure of a part we depend on, such as a full disk. The
// caller is told to come back; the cause goes to the log.
func Unavailable(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "the server cannot store this now, try again", RetryAfter: 2 * time.Second, Err: err}
}

// AsError returns err as an Error; one that is none becomes "unavailable".
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Unavailable(err)
}

// IsCode reports whether err is an Error of the code.
func IsCode(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// ErrStale is returned by Store.Append when the session no longer is what the
// change was decided on. Look again and decide again.
var ErrStale = errors.New("the session has changed")
