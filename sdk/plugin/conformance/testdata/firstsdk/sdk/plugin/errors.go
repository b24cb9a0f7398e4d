package plugin

import (
	"errors"
	"time"
)

// Failure is why a delivery did not work, in words that the core acts on. Any
// other error means: try again later, the outcome may be unknown.
type Failure struct {
	Kind       FailureKind
	Scope      string        // of RetryAfter: the limit's scope; empty: all
	RetryAfter time.Duration // how long nothing may be sent there
	Field      string        // of Invalid: the config field
	Calls      int           // calls to the platform that were made all the same
	Err        error
}

// FailureKind says what to do about a failure.
type FailureKind int

// What to do about a failure.
const (
	FailureRetry      FailureKind = iota + 1
	FailureRetryAfter             // nothing was done; come back later
	FailurePermanent              // it will never work: operators are told, the next event follows
	FailureThreadGone             // forget the thread and deliver again
	FailureUnusable               // nothing works until someone acts
	FailureField                  // a config field is wrong
)

func (f *Failure) Error() string {
	if f.Err == nil {
		return "no reason was given"
	}
	return f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// RetryAfter says that the platform asked us to wait; scope is one of the
// declared limits', or empty for the whole plugin.
func RetryAfter(wait time.Duration, scope string, err error) error {
	return &Failure{Kind: FailureRetryAfter, Scope: scope, RetryAfter: min(wait, maxRetryAfter), Err: err}
}

// Permanent says that this event can never be delivered.
func Permanent(err error) error { return &Failure{Kind: FailurePermanent, Err: err} }

// ThreadGone says that the session's thread no longer exists on the platform.
func ThreadGone(err error) error { return &Failure{Kind: FailureThreadGone, Err: err} }

// Unusable says that nothing works until someone acts: the token was revoked, the
// bot was removed. The core keeps what is owed and tries again with backoff.
func Unusable(err error) error { return &Failure{Kind: FailureUnusable, Err: err} }

// FieldError says that a field of the config is wrong.
func FieldError(field string, err error) error {
	return &Failure{Kind: FailureField, Field: field, Err: err}
}

// Refused is what Host.Receive returns when the core will not take an inbound,
// also not when it is sent again: an unknown thread, an unknown message.
type Refused struct{ Reason string }

func (r *Refused) Error() string { return r.Reason }

// IsRefused reports whether the core refused for good.
func IsRefused(err error) bool {
	var r *Refused
	return errors.As(err, &r)
}
