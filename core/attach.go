package core

import (
	"context"
	"io"
	"path"
	"strings"
	"unicode"
)

// Upload is a file on its way in.
type Upload struct {
	ProjectID string
	Owner     string // visitor id, bridge id, or project id for a back end
	Name      string // as claimed
	Type      string // as sniffed by the edge
	Body      io.Reader
}

// Attach stores a file. It belongs to nobody's message until a post claims it.
func (c *Chat) Attach(ctx context.Context, u Upload) (*Attachment, error) {
	a := &Attachment{ID: NewID(KindAttachment), Name: fileName(u.Name), Type: u.Type, ProjectID: u.ProjectID, Owner: u.Owner, CreatedAt: c.clock.Now()}
	size, err := c.files.Save(ctx, a.ID, u.Body)
	if err != nil {
		return nil, err
	}
	a.Size = size
	if err := c.store.AddAttachment(ctx, a); err != nil {
		_ = c.files.Remove(ctx, a.ID) // nothing names it
		return nil, err
	}
	return a, nil
}

// File opens an attachment.
func (c *Chat) File(ctx context.Context, projectID, attachmentID string) (*Attachment, io.ReadSeekCloser, error) {
	a, err := c.store.Attachment(ctx, projectID, attachmentID)
	if err != nil {
		return nil, nil, err
	}
	f, err := c.files.Open(ctx, a.ID)
	return a, f, err
}

// fileName keeps of a foreign file name what is safe to show and to save as.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(`"<>|?*:`, r) {
			return -1
		}
		return r
	}, name)
	name = clip(strings.Trim(name, ". "), 200)
	if name == "" {
		return "file"
	}
	return name
}
