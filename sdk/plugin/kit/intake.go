package kit

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Intake brings what operators do to the host. Its methods may be called from any
// goroutine.
type Intake struct {
	Host     plugin.Host
	Platform Platform // tells an operator when a file did not get through
	Courier  *Courier // makes threads, which the host may not know yet; nil: nobody does
	MaxFile  int64    // bytes of the largest file that the platform gives out; 0: no limit

	Pause func(ctx context.Context, d time.Duration) // between tries; nil: Pause
}

// File is a file on the platform.
type File struct {
	Name string
	Size int64 // bytes; 0: unknown
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// These bound how long one file can hold up what comes after it.
const (
	fetchTries  = 6
	fileTimeout = 10 * time.Minute
)

// Take brings one thing, with its files, and returns when the host has committed
// it: only then may the platform forget it. It tries until then; ok is false only
// when ctx ended before. What the host refuses for good is done with too.
func (i *Intake) Take(ctx context.Context, in plugin.Inbound, files ...File) (ack plugin.Ack, ok bool) {
	for _, f := range files {
		i.fetch(ctx, &in, f)
	}
	if len(files) > 0 && len(in.Files) == 0 && in.Text == "" {
		return plugin.Ack{}, ctx.Err() == nil // nothing of it got through, and the operator knows
	}
	known := i.threadsKnown()
	for try := 0; ctx.Err() == nil; try++ {
		ack, err := i.Host.Receive(ctx, in)
		if err == nil {
			return ack, true
		}
		if plugin.IsRefused(err) && known != nil {
			if found := known(ctx); found {
				return plugin.Ack{}, ctx.Err() == nil // it is fetched, after what was said there before
			}
			known = nil
			continue
		}
		if plugin.IsRefused(err) {
			i.Host.Log().Debug("the host refused what an operator did", "key", in.EffectKey, "reason", err)
			return plugin.Ack{}, true
		}
		i.Host.Log().Warn("what an operator did could not be handed over, trying again", "error", err)
		i.pause(ctx, Backoff(try))
	}
	return plugin.Ack{}, false
}

// tryLife is how long it is of use that somebody types.
const tryLife = 5 * time.Second

// Try brings what is of no use later, such as that somebody types: once, and for some
// seconds only.
func (i *Intake) Try(ctx context.Context, in plugin.Inbound) {
	ctx, cancel := context.WithTimeout(ctx, tryLife)
	defer cancel()
	if _, err := i.Host.Receive(ctx, in); err != nil {
		i.Host.Log().Debug("what is of no use later was not passed on", "error", err)
	}
}

// threadsKnown waits for threads that are being made; nil when none is.
func (i *Intake) threadsKnown() func(context.Context) (found bool) {
	if i.Courier == nil {
		return nil
	}
	return i.Courier.opening.now()
}

// complaint begins what an operator is told of a file.
const complaint = "⚠️ "

// IsComplaint reports whether the text, as the platform has it, tells an operator
// that a file did not get through: it is linked to no message.
func IsComplaint(text string) bool { return strings.HasPrefix(text, complaint) }

// IsLoud reports whether the text, as the platform has it, is a notice that operators
// were to hear and that mentions nobody: it is linked to no message.
func IsLoud(text string) bool { return strings.HasPrefix(text, bell) }

// fetch brings a file to the host. What cannot be brought is said in the thread,
// and the message goes on without it.
func (i *Intake) fetch(ctx context.Context, in *plugin.Inbound, f File) {
	saved, err := i.save(ctx, f)
	if err == nil {
		in.Files = append(in.Files, saved.ID)
		return
	}
	if ctx.Err() != nil {
		return
	}
	i.Host.Log().Warn("a file of an operator could not be taken", "error", err)
	words := complaint + "The file " + FileName(&plugin.Attachment{Name: f.Name}) + " did not reach the visitor. " + strings.TrimPrefix(err.Error(), "host: ")
	out := Outgoing{
		Thread: Thread{ID: in.Thread}, Text: Words(cutRunes(words, 1000)), ReplyTo: in.ExternalID,
		Key: keyOf("complaint", in.EffectKey, f.Name, i.Host.BridgeID()), // the message may come again
	}
	if _, err := i.Platform.Send(ctx, out); err != nil {
		i.Host.Log().Warn("the operator could not be told", "error", err)
	}
}

func (i *Intake) save(ctx context.Context, f File) (saved plugin.Attachment, err error) {
	if i.MaxFile > 0 && f.Size > i.MaxFile {
		return saved, plugin.Permanent(fmt.Errorf("files above %d MB are not given out to bots: send a smaller one, or a link", i.MaxFile>>20))
	}
	for try := 0; try < fetchTries && ctx.Err() == nil; try++ {
		if try > 0 {
			i.pause(ctx, Backoff(try))
		}
		saved, err = i.stream(ctx, f)
		if err == nil || isPermanent(err) || plugin.IsRefused(err) {
			return saved, err
		}
	}
	return saved, err
}

func (i *Intake) pause(ctx context.Context, d time.Duration) {
	if i.Pause == nil {
		Pause(ctx, d)
		return
	}
	i.Pause(ctx, d)
}

func (i *Intake) stream(ctx context.Context, f File) (plugin.Attachment, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	body, err := f.Open(ctx)
	if err != nil {
		return plugin.Attachment{}, err
	}
	defer func() { _ = body.Close() }()
	return i.Host.SaveFile(ctx, f.Name, body)
}
