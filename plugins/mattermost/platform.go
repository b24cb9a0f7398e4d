package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// platform is Mattermost as a courier uses it: a thread is named by the id of the post
// that it begins with.
type platform struct {
	*client
	host plugin.Host
	echo kit.Echo
}

// Open posts the card; the thread is what answers it.
func (p *platform) Open(ctx context.Context, o kit.Opening) (kit.Opened, error) {
	card, err := p.sent(ctx, "", o.Since, o.Key)
	found := card.ID != ""
	if err == nil && !found {
		card, err = p.create(ctx, post{Message: p.write(ctx, o.Card)}, o.Key)
	}
	return kit.Opened{Thread: card.ID, Card: card.external(), Found: found}, err
}

// Send posts a message into the thread, unless an earlier try did.
func (p *platform) Send(ctx context.Context, m kit.Outgoing) (string, error) {
	sent, err := p.sent(ctx, m.Thread.ID, m.Since, m.Key)
	if err != nil || sent.ID != "" {
		return sent.external(), err
	}
	var files []string
	if m.File != nil {
		switch files, err = p.attach(ctx, p.host, m.File); {
		case noFiles(err):
			m = m.WithoutFile()
		case err != nil:
			return "", err
		}
	}
	made, err := p.create(ctx, post{RootID: m.Thread.ID, Message: p.write(ctx, m.Text), FileIDs: files}, m.Key)
	return made.external(), err
}

// Find looks for a message that was deleted before it was known whether it is there.
func (p *platform) Find(ctx context.Context, s kit.Search) (string, error) {
	found, err := p.sent(ctx, s.Thread.ID, s.Since, s.Keys...)
	return found.external(), err
}

// Edit makes a post say something else; its file stays.
func (p *platform) Edit(ctx context.Context, id string, m kit.Outgoing) error {
	err := p.patch(ctx, idOf(id), p.write(ctx, m.Text))
	if !refused(err, http.StatusNotFound, http.StatusBadRequest, http.StatusForbidden) {
		return err
	}
	switch gone, seen := p.isGone(ctx, idOf(id)); {
	case seen:
		return plugin.Permanent(errors.New("Mattermost no longer lets the bot change this message"))
	case !gone:
		return err
	}
	if gone, _ := p.isGone(ctx, m.Thread.ID); gone {
		return plugin.ThreadGone(errThreadGone)
	}
	return kit.ErrMessageGone
}

// Remove deletes a post.
func (p *platform) Remove(ctx context.Context, _ kit.Thread, id string) error {
	p.echo.Expect("deleted " + idOf(id))
	err := p.delete(ctx, idOf(id))
	switch {
	case refused(err, http.StatusNotFound):
		return nil
	case refused(err, http.StatusForbidden):
		return plugin.Permanent(errors.New("the bot may not delete this in Mattermost: give its role “Delete Others' Posts”, or delete it there yourself"))
	}
	return err
}

// SetClosed does nothing: Mattermost has no closed threads, and the card says it.
func (p *platform) SetClosed(context.Context, kit.Thread) error { return nil }

// Rename does nothing: threads have no names.
func (p *platform) Rename(context.Context, kit.Thread, string) error { return nil }

// Erase deletes the card, and with it all that answers it.
func (p *platform) Erase(ctx context.Context, t kit.Thread, _ []string) (plugin.Erased, error) {
	kit.CountCall(ctx)
	err := p.Remove(ctx, t, t.ID)
	return plugin.Erased{Done: err == nil}, err
}
