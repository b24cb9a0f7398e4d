package main

import (
	"context"
	"io"
	"slices"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// What Telegram takes of a bot, in bytes.
const (
	maxPhoto    = 10 << 20
	maxDocument = 50 << 20
)

var photoTypes = []string{"image/jpeg", "image/png", "image/webp"}

// sendFile sends a picture to look at, anything else as it is, and a link in
// place of what Telegram does not take.
func (p *platform) sendFile(ctx context.Context, where sending, m kit.Outgoing) (int, error) {
	if m.File.Size > maxDocument {
		return p.sendText(ctx, where, textOf(m.WithoutFile().Text))
	}
	if slices.Contains(photoTypes, m.File.Type) && m.File.Size <= maxPhoto {
		id, err := p.stream(ctx, where, m, p.sendPhoto)
		if plugin.KindOf(err) != plugin.FailurePermanent {
			return id, err
		}
		kit.CountCall(ctx) // it is no picture that Telegram can show
	}
	id, err := p.stream(ctx, where, m, p.sendDocument)
	if plugin.KindOf(err) == plugin.FailurePermanent {
		kit.CountCall(ctx)
		return p.sendText(ctx, where, textOf(m.WithoutFile().Text))
	}
	return id, err
}

type sendStream func(ctx context.Context, where sending, name string, file io.Reader, caption text) (int, error)

// stream opens the file anew: what was read of it before is lost.
func (p *platform) stream(ctx context.Context, where sending, m kit.Outgoing, send sendStream) (int, error) {
	file, err := p.host.OpenFile(ctx, m.File.ID)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	return send(ctx, where, kit.FileName(m.File), file, textOf(m.Text))
}
