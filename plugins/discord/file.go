package main

import (
	"context"
	"mime"
	"strings"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// maxUpload is what every Discord server takes, in bytes.
const maxUpload = 10 << 20

func isTooLarge(f *plugin.Attachment) bool { return f != nil && f.Size > maxUpload }

// sendFile sends a file, or a link to it where Discord does not take it.
func (p *platform) sendFile(ctx context.Context, m kit.Outgoing) (message, error) {
	if !isTooLarge(m.File) {
		sent, err := p.upload(ctx, m)
		if !isFileRefused(err) {
			return sent, err
		}
		kit.CountCall(ctx)
	}
	return p.sendWhole(ctx, m.WithoutFile())
}

// isFileRefused reports whether the message may go without its file: it is too
// large for this server, or the bot may not attach files.
func isFileRefused(err error) bool {
	r := answerOf(err)
	return r != nil && (r.status == 413 || r.code == codeTooLarge || r.code == codeNoPermission)
}

// upload opens the file anew: what was read of it before is lost.
func (p *platform) upload(ctx context.Context, m kit.Outgoing) (message, error) {
	file, err := p.host.OpenFile(ctx, m.File.ID)
	if err != nil {
		return message{}, err
	}
	defer func() { _ = file.Close() }()
	return p.send(ctx, m.Thread.ID, bodyOf(m), &discordgo.File{
		Name: kit.FileName(m.File), ContentType: contentType(m.File.Type), Reader: file,
	})
}

// contentType stands in a header: anything but a media type is left out.
func contentType(s string) string {
	if kind, _, err := mime.ParseMediaType(s); err == nil && strings.Contains(kind, "/") {
		return kind
	}
	return "application/octet-stream"
}

// isSame reports whether the bot's message is what was to be sent.
func isSame(seen message, m kit.Outgoing) bool {
	said := ""
	if seen.Content != nil {
		said = strings.TrimSpace(*seen.Content)
	}
	if m.File == nil {
		return len(seen.Attachments) == 0 && said == textOf(m.Text)
	}
	if len(seen.Attachments) == 0 {
		return said == textOf(m.WithoutFile().Text)
	}
	return said == textOf(m.Text) && (m.File.Size == 0 || seen.Attachments[0].Size == m.File.Size)
}
