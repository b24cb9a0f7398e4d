package main

import (
	"context"
	"fmt"
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
func (d *delivery) sendFile(ctx context.Context, where sending, p piece) (int, error) {
	if p.file.Size > maxDocument {
		return d.api.sendText(ctx, where, fileAsText(p))
	}
	if slices.Contains(photoTypes, p.file.Type) && p.file.Size <= maxPhoto {
		id, err := d.stream(ctx, where, p, d.api.sendPhoto)
		if !isPermanent(err) {
			return id, err
		}
		d.receipt.Calls++ // it is no picture that Telegram can show
	}
	id, err := d.stream(ctx, where, p, d.api.sendDocument)
	if isPermanent(err) {
		d.receipt.Calls++
		return d.api.sendText(ctx, where, fileAsText(p))
	}
	return id, err
}

type sendStream func(ctx context.Context, where sending, name string, file io.Reader, caption text) (int, error)

// stream opens the file anew: what was read of it before is lost.
func (d *delivery) stream(ctx context.Context, where sending, p piece, send sendStream) (int, error) {
	file, err := d.host.OpenFile(ctx, p.file.ID)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return send(ctx, where, fileName(p.file), file, p.text)
}

func fileName(a *plugin.Attachment) string {
	if name := kit.CleanName(a.Name); name != "" {
		return name
	}
	return "file"
}

// fileAsText shows a file by its link.
func fileAsText(p piece) text {
	name := fmt.Sprintf("📎 %s (%.1f MB)", line(p.file.Name), float64(p.file.Size)/(1<<20))
	if p.file.URL != "" {
		name += ": " + p.file.URL
	}
	if p.text.body == "" {
		return plain(name)
	}
	return p.text.with("\n" + name)
}
