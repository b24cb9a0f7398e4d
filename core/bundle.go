package core

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"strings"
)

// exportPage is how much of a list is read at a time.
const exportPage = 200

// WriteVisitor writes all that is known of a visitor as one JSON object, a session at a
// time. link says where an attachment's file is. What fails before the first byte has
// written nothing; what fails later leaves half an object.
func (c *Chat) WriteVisitor(ctx context.Context, projectID, visitorID string, w io.Writer, link func(*Attachment) string) error {
	d, err := c.VisitorData(ctx, projectID, visitorID)
	if err != nil {
		return err
	}
	return c.writeVisitor(ctx, d, w, link)
}

// ZipVisitor writes the same as visitor.json, and the files beside it.
func (c *Chat) ZipVisitor(ctx context.Context, projectID, visitorID string, w io.Writer) error {
	d, err := c.VisitorData(ctx, projectID, visitorID)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	doc, err := z.Create("visitor.json")
	if err != nil {
		return err
	}
	if err := c.writeVisitor(ctx, d, doc, placeInZip); err != nil {
		return err
	}
	for _, a := range d.Attachments {
		if err := c.zipFile(ctx, z, a); err != nil {
			return err
		}
	}
	return z.Close()
}

// placeInZip is where the file of an attachment lies; empty: it is no longer kept.
func placeInZip(a *Attachment) string {
	if a.Expired {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, a.Name)
	return "files/" + a.ID + "-" + name
}

func (c *Chat) zipFile(ctx context.Context, z *zip.Writer, a *Attachment) error {
	place := placeInZip(a)
	if place == "" {
		return nil
	}
	f, err := c.files.Open(ctx, a.ID)
	if IsCode(err, CodeNotFound) {
		c.log.Warn("a file is missing in an export", "attachment", a.ID)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was read
	entry, err := z.CreateHeader(&zip.FileHeader{Name: place, Method: zip.Deflate, Modified: a.CreatedAt.Std()})
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, f)
	return err
}

func (c *Chat) writeVisitor(ctx context.Context, d *VisitorData, w io.Writer, link func(*Attachment) string) error {
	seen := *d
	seen.Attachments = placed(d.Attachments, d.Visitor.ProjectID, link)
	head, err := json.Marshal(struct {
		ExportedAt Time `json:"exportedAt"`
		*VisitorData
	}{c.clock.Now(), &seen})
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head[:len(head)-1], `,"sessions":[`...)); err != nil {
		return err
	}
	if err := c.writeSessions(ctx, d.Visitor, w, link); err != nil {
		return err
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

func (c *Chat) writeSessions(ctx context.Context, v *Visitor, w io.Writer, link func(*Attachment) string) error {
	q := SessionQuery{ProjectIDs: []string{v.ProjectID}, VisitorID: v.ID, Limit: exportPage}
	for first := true; ; {
		sessions, next, err := c.store.Sessions(ctx, q)
		if err != nil {
			return err
		}
		for _, one := range sessions {
			whole, err := c.wholeSession(ctx, one, link)
			if err != nil {
				return err
			}
			body, err := json.Marshal(whole)
			if err != nil {
				return err
			}
			if !first {
				body = append([]byte(","), body...)
			}
			first = false
			if _, err := w.Write(body); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// exportedSession is a session with all that happened in it.
type exportedSession struct {
	*Session
	Notes  []*Message `json:"notes"`
	Events []*Event   `json:"events"`
}

func (c *Chat) wholeSession(ctx context.Context, s *Session, link func(*Attachment) string) (*exportedSession, error) {
	whole := &exportedSession{Session: s, Notes: []*Message{}, Events: []*Event{}}
	s.Messages = []*Message{}
	if s.Metadata == nil {
		s.Metadata = map[string]string{}
	}
	said := map[string]bool{}
	for after := int64(0); ; {
		events, err := c.store.Events(ctx, s.ProjectID, s.ID, after, exportPage)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			after = e.Seq
			if m := e.Message; m != nil && !said[m.ID] {
				said[m.ID] = true
				m.Attachments = placed(m.Attachments, s.ProjectID, link)
				if m.Note {
					whole.Notes = append(whole.Notes, m)
				} else {
					s.Messages = append(s.Messages, m)
				}
			}
			e.Message = nil // as it is now, it stands with the messages
			whole.Events = append(whole.Events, e)
		}
		if len(events) < exportPage {
			return whole, nil
		}
	}
}

// placed are copies of the attachments that say where their files are.
func placed(all []*Attachment, projectID string, link func(*Attachment) string) []*Attachment {
	list := make([]*Attachment, len(all))
	for i, a := range all {
		seen := *a
		seen.ProjectID = projectID
		seen.URL = link(&seen)
		list[i] = &seen
	}
	return list
}
