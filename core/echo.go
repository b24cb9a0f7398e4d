package core

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// echoWithin is how soon an echo comes back; longer than a platform makes anybody wait.
const echoWithin = time.Minute

const echoLook = 20 // of the session's newest messages

// isEcho reports whether the inbound message has been around: operators of this bridge and of
// another have just said the same, or nothing else was said for long. Something then copies what is shown on one to
// the other, or back, and would go on for ever. People who say the same on two platforms are not meant.
func (c *Chat) isEcho(ctx context.Context, s *Session, in Inbound, text string) (bool, error) {
	if p, err := c.projects.ByID(s.ProjectID); err != nil || len(p.Bridges) < 2 {
		return false, err
	}
	if link, err := c.linkOf(ctx, in, in.ExternalID); err != nil || link != nil {
		return false, err // it is known already, and brought again
	}
	if strings.Contains(text, echoWhy) {
		return true, nil // no visitor is to read it
	}
	names, err := c.namesOf(ctx, s.ProjectID, in.Files)
	if err != nil {
		return false, err
	}
	recent, _, err := c.store.Messages(ctx, MessageQuery{ProjectID: s.ProjectID, SessionID: s.ID, Limit: echoLook})
	if err != nil {
		return false, err
	}
	here, elsewhere, since := 0, 0, c.clock.Now()-Time(echoWithin/time.Millisecond)
	for _, m := range recent {
		if m.Sender != SenderOperator || m.CreatedAt < since || !echoes(text, m.Text) || names != fileNames(m.Attachments) {
			continue
		}
		if m.Via == in.BridgeID {
			here++
		} else {
			elsewhere++
		}
	}
	return here > 0 && elsewhere > 0 || here+elsewhere == echoLook, nil
}

// echoes reports whether the text repeats what was said before, be it with somebody's
// name in front.
func echoes(text, said string) bool {
	text, said = strings.TrimSpace(text), strings.TrimSpace(said)
	return text == said || said != "" && (strings.HasSuffix(text, ": "+said) || strings.HasSuffix(text, "\n"+said))
}

func (c *Chat) namesOf(ctx context.Context, projectID string, files []string) (string, error) {
	list := make([]*Attachment, 0, len(files))
	for _, id := range files {
		a, err := c.store.Attachment(ctx, projectID, id)
		if err != nil {
			return "", err
		}
		list = append(list, a)
	}
	return fileNames(list), nil
}

func fileNames(files []*Attachment) string {
	var b strings.Builder
	for _, a := range files {
		fmt.Fprintf(&b, "%s\x00%d\x00", a.Name, a.Size)
	}
	return b.String()
}

// What an operator is told of a message that was taken for an echo.
const (
	echoTold = "This was not sent to the visitor: "
	echoWhy  = " The same was said here and elsewhere, or many times, within a minute, as if something copied messages from one platform to another without end. " +
		"If there is such a thing, switch it off: PocketPing shows everything on both. If you meant it, send it again in a minute, or in other words."
)

const echoQuote = 100 // runes of the message that are told

// stopEcho takes the message for good and says of each why it goes nowhere, but for copies of what it says.
func (c *Chat) stopEcho(ctx context.Context, s *Session, in Inbound, text string) error {
	if strings.Contains(text, echoWhy) {
		_, err := c.commit(ctx, in.once(), func(context.Context) (*Change, error) {
			return &Change{ProjectID: s.ProjectID, At: c.clock.Now()}, nil
		})
		return err
	}
	if r := []rune(text); len(r) > echoQuote {
		text = string(r[:echoQuote]) + "…"
	}
	return c.notice(ctx, s, in.once(), echoTold+"“"+text+"”."+echoWhy, in.BridgeID)
}
