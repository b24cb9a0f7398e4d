package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var yes, no = true, false

var errCannotUnlock = errors.New("somebody locked the thread, and the bot may not open it: give it the permission “Manage Threads”, or unlock the thread yourself")

// awake does something in a thread which Discord allows in an active one alone. One
// of a closed session is archived again afterwards.
func (p *platform) awake(ctx context.Context, t kit.Thread, do func() (message, error)) (message, error) {
	m, err := do()
	if !saying(err, codeArchived) {
		return m, err
	}
	kit.CountCall(ctx)
	switch err := p.wake(ctx, t.ID, change{Archived: &no}); {
	case saying(err, codeNoPermission): // somebody locked it: that thread alone stays as it is
		return m, plugin.Permanent(fmt.Errorf("%w (%w)", errCannotUnlock, err))
	case err != nil:
		return m, err
	}
	kit.CountCall(ctx)
	m, err = do()
	p.archiveAgain(ctx, t)
	return m, err
}

// unlocking does what a lock, or too many active threads, can be in the way of. A
// thread whose lock the bot may not open is as good as gone.
func (p *platform) unlocking(ctx context.Context, t kit.Thread, do func() (message, error)) (message, error) {
	m, err := do()
	switch {
	case saying(err, codeLocked, codeArchived):
		kit.CountCall(ctx)
		failed := p.wake(ctx, t.ID, change{Archived: &no, Locked: &no})
		if saying(failed, codeNoPermission) {
			return m, plugin.ThreadGone(failed)
		}
		if failed != nil {
			return m, failed
		}
	case saying(err, codeTooManyThreads):
		if at, failed := p.find(ctx); failed != nil || !p.makeRoom(ctx, at, t.ID) {
			return m, err
		}
	default:
		return m, err
	}
	kit.CountCall(ctx)
	return do()
}

// changeThread makes a change of which the report is no news.
func (p *platform) changeThread(ctx context.Context, thread string, c change) error {
	done := p.threads.begin(thread)
	now, err := p.patchThread(ctx, thread, c)
	if err != nil || now.Thread == nil {
		if answerOf(err) == nil && plugin.KindOf(err) != plugin.FailureRetryAfter && c.Locked != nil {
			p.threads.suppose(thread, *c.Locked) // it may be so, and will be: the change comes again
		}
		done(false, "", false)
		return err
	}
	done(p.looksClosed(ctx, now), now.Thread.ArchivedAt, true)
	return nil
}

func (p *platform) wake(ctx context.Context, thread string, c change) error {
	err := p.changeThread(ctx, thread, c)
	if !saying(err, codeTooManyThreads) {
		return err
	}
	at, failed := p.find(ctx)
	if failed != nil || !p.makeRoom(ctx, at, thread) {
		return err
	}
	return p.changeThread(ctx, thread, c)
}

// archiveAgain puts a closed session's thread back where it was: what is sent there
// makes it active. It may fail, since the thread also archives itself in time.
func (p *platform) archiveAgain(ctx context.Context, t kit.Thread) {
	if !t.Closed || !p.threads.isClosed(t.ID) {
		return
	}
	kit.CountCall(ctx)
	if err := p.changeThread(ctx, t.ID, change{Archived: &yes}); err != nil {
		p.host.Log().Debug("a closed session's thread was not archived again", "error", err)
	}
}

// roomFor is how many threads are archived at once when there are too many.
const roomFor = 10

// makeRoom archives the bot's threads that were silent the longest, and reports
// whether there was one. An archived thread is active again with its next message.
func (p *platform) makeRoom(ctx context.Context, at place, except string) bool {
	kit.CountCall(ctx)
	all, err := p.activeThreads(ctx, at.GuildID)
	self, selfErr := p.ownID(ctx)
	if err != nil || selfErr != nil {
		return false
	}
	idle := slices.DeleteFunc(all, func(c channel) bool { return c.ParentID != at.ID || c.OwnerID != self || c.ID == except })
	slices.SortFunc(idle, func(a, b channel) int { return compareIDs(lastIn(a), lastIn(b)) })
	room := false
	for _, c := range idle[:min(len(idle), roomFor)] {
		kit.CountCall(ctx)
		if err := p.changeThread(ctx, c.ID, change{Archived: &yes}); err != nil {
			p.host.Log().Warn("an idle thread was not archived", "error", err)
			break
		}
		room = true
	}
	if room {
		p.host.Log().Warn("the Discord server has as many active threads as Discord allows; those that were silent the longest were archived")
	}
	return room
}

func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
