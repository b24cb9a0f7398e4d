package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/url"
	"time"
)

// FromStart is the cursor before the project's first event.
const FromStart = "0"

const (
	maxEventLine = 1 << 20
	silence      = 60 * time.Second // the server says something every 25 seconds
)

// Events yields everything that happens in the project, in the order in which it was
// stored, each event once: behind the cursor, or, where that is empty, from now on. It
// connects again by itself, as often as it must, and goes on where it was; keep an
// event's Cursor with what you made of it, and give it here after a restart of your own.
// It ends with ctx, or with an error that no other try would mend, such as a wrong key.
func (c *Client) Events(ctx context.Context, cursor string) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for try := 1; ; try++ {
			before := cursor
			more, err := c.follow(ctx, &cursor, yield)
			if !more {
				return
			}
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !passing(err) {
				yield(nil, err)
				return
			}
			if cursor != before {
				try = 1
			}
			if err := c.wait(ctx, try, err); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// follow reads one connection's events, moving the cursor. more is false when the caller
// has enough.
func (c *Client) follow(ctx context.Context, cursor *string, yield func(*Event, error) bool) (more bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer quiet.Stop()
	q := url.Values{}
	if *cursor != "" {
		q.Set("after", *cursor)
	}
	res, err := c.send(ctx, request{method: "GET", path: path("events"), query: q}, nil, "text/event-stream")
	if err != nil {
		return true, silent(ctx, err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 4096), maxEventLine)
	var id string
	var data []byte
	for lines.Scan() {
		quiet.Reset(silence)
		line := lines.Bytes()
		switch {
		case bytes.HasPrefix(line, []byte("id: ")):
			id = string(line[len("id: "):])
		case bytes.HasPrefix(line, []byte("data: ")):
			data = append(data, line[len("data: "):]...)
		case len(line) == 0:
			if len(data) > 0 {
				e := &Event{Cursor: id}
				if err := json.Unmarshal(data, e); err != nil {
					return true, err
				}
				quiet.Stop() // the caller may take their time
				if !yield(e, nil) {
					return false, nil
				}
				quiet.Reset(silence)
			}
			if id != "" {
				*cursor = id
			}
			data = data[:0]
		}
	}
	err = lines.Err()
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return true, silent(ctx, &cutError{err})
}

type silentError struct{}

func (silentError) Error() string { return "pocketping: the stream fell silent" }

var errSilent error = silentError{}

// silent tells a connection that we gave up from one that the caller ended.
func silent(ctx context.Context, err error) error {
	if context.Cause(ctx) == errSilent {
		return &cutError{errSilent}
	}
	return err
}
