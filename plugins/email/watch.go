package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	placeKey   = "mailbox"
	maxMail    = 30 << 20 // bytes of one mail that are read
	lookBack   = 30 * 24 * time.Hour
	firstPause = time.Second
	lastPause  = time.Minute
)

// place is how far the mailbox was read. UIDs mean something only with their
// validity.
type place struct {
	Mailbox  string   `json:"mailbox"`
	Validity uint32   `json:"validity"`
	Next     imap.UID `json:"next"`
}

// Run reads the mailbox until ctx ends. A connection that breaks is made anew.
func (b *bridge) Run(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := b.watch(ctx)
		if plugin.KindOf(err) == plugin.FailureUnusable {
			return err
		}
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		if ctx.Err() == nil {
			b.host.Log().Warn("the mailbox is not read, it will be tried again", "in", pause.String(), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
	return nil
}

// mailbox is one connection to the IMAP server, with the folder open.
type mailbox struct {
	*imapclient.Client
	place place
	told  chan struct{} // something is new
}

// watch reads what is new, and waits for more.
func (b *bridge) watch(ctx context.Context) error {
	m, box, err := b.openMailbox(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if err := b.goOn(ctx, m, box); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = m.Close() })()
	for {
		if err := b.readNew(ctx, m); err != nil {
			return err
		}
		if err := m.await(ctx, b.poll); err != nil {
			return err
		}
	}
}

func (b *bridge) openMailbox(ctx context.Context) (m *mailbox, box *imap.SelectData, err error) {
	m = &mailbox{told: make(chan struct{}, 1)}
	if err := b.connect(ctx, m); err != nil {
		return nil, nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = m.Close() })()
	if box, err = b.enter(m); err != nil {
		_ = m.Close()
		return nil, nil, err
	}
	return m, box, nil
}

// looks opens the mailbox and leaves.
func (b *bridge) looks(ctx context.Context) error {
	m, _, err := b.openMailbox(ctx)
	if err != nil {
		return err
	}
	return m.Close()
}

func (b *bridge) connect(ctx context.Context, m *mailbox) error {
	conn, err := b.imap.dial(ctx)
	if err != nil {
		return fmt.Errorf("the mail server %s is not reached: %w", b.imap.addr, err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	o := &imapclient.Options{TLSConfig: b.imap.config(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(*imapclient.UnilateralDataMailbox) { m.tell() },
	}}
	if b.imap.tls != tlsStart {
		m.Client = imapclient.New(conn, o)
		return nil
	}
	if m.Client, err = imapclient.NewStartTLS(conn, o); err != nil {
		_ = conn.Close()
		return fmt.Errorf("the mail server %s does not begin TLS: %w", b.imap.addr, err)
	}
	return nil
}

func (m *mailbox) tell() {
	select {
	case m.told <- struct{}{}:
	default:
	}
}

// enter logs in and opens the folder.
func (b *bridge) enter(m *mailbox) (*imap.SelectData, error) {
	if err := m.Login(b.imap.user, b.imap.password).Wait(); err != nil {
		if e := (*imap.Error)(nil); errors.As(err, &e) && e.Type == imap.StatusResponseTypeNo && e.Code != imap.ResponseCodeUnavailable {
			return nil, plugin.Unusable(fmt.Errorf("the mail server %s does not let %s in: check imap_user and imap_password", b.imap.addr, b.imap.user))
		}
		return nil, fmt.Errorf("the login at the mail server %s failed: %w", b.imap.addr, err)
	}
	box, err := m.Select(b.mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		if e := (*imap.Error)(nil); errors.As(err, &e) {
			return nil, plugin.Unusable(fmt.Errorf("the mailbox has no folder %q that can be read: %w", b.mailbox, err))
		}
		return nil, err
	}
	return box, nil
}

// goOn takes up where the mailbox was left. A first look begins with what comes from
// now on. A mailbox that was made anew is read back for a month: what was taken before
// is known by its message id.
func (b *bridge) goOn(ctx context.Context, m *mailbox, box *imap.SelectData) error {
	var was place
	known := json.Unmarshal(b.host.State(placeKey), &was) == nil && was.Validity != 0 && was.Mailbox == b.mailbox
	m.place = place{Mailbox: b.mailbox, Validity: box.UIDValidity, Next: max(box.UIDNext, 1)}
	switch {
	case known && was.Validity == box.UIDValidity:
		m.place.Next = was.Next
		return nil
	case known:
		b.host.Log().Warn("the mailbox was made anew: its mails of a month are looked at again", "mailbox", b.mailbox)
		m.place.Next = 1
	}
	return b.keep(ctx, m.place)
}

func (b *bridge) keep(ctx context.Context, p place) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return b.host.SaveState(ctx, placeKey, data)
}

// readNew takes every mail from the place on, one by one, and moves the place after
// each: what was not committed is read again.
func (b *bridge) readNew(ctx context.Context, m *mailbox) error {
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: m.place.Next, Stop: 0}}}}
	if m.place.Next == 1 {
		criteria.Since = b.now().Add(-lookBack)
	}
	found, err := m.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return fmt.Errorf("the mailbox is not searched: %w", err)
	}
	for _, uid := range found.AllUIDs() {
		if uid < m.place.Next {
			continue // "from n on" names the last one always
		}
		raw, whole, err := m.fetch(uid)
		if err != nil {
			return err
		}
		if raw != nil {
			if err := b.take(ctx, raw, whole); err != nil {
				return err
			}
		}
		m.place.Next = uid + 1
		if err := b.keep(ctx, m.place); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads a mail without marking it as seen; nil: it is gone. What is too long
// comes without its end.
func (m *mailbox) fetch(uid imap.UID) (raw []byte, whole bool, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: maxMail}}
	o := &imap.FetchOptions{UID: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}}
	got, err := m.Fetch(imap.UIDSetNum(uid), o).Collect()
	if err != nil {
		return nil, false, fmt.Errorf("a mail is not fetched: %w", err)
	}
	for _, f := range got {
		if f.UID == uid && len(f.BodySection) > 0 {
			return f.BodySection[0].Bytes, f.RFC822Size <= maxMail, nil
		}
	}
	return nil, true, nil
}

// await returns when the server tells of something new, or when it is time to ask.
func (m *mailbox) await(ctx context.Context, poll time.Duration) error {
	if !m.Caps().Has(imap.CapIdle) {
		if err := m.pause(ctx, poll); err != nil {
			return err
		}
		return m.Noop().Wait() // a server may keep what is new to itself until it is asked
	}
	idle, err := m.Idle()
	if err != nil {
		return fmt.Errorf("the server does not wait for mail: %w", err)
	}
	err = m.pause(ctx, max(poll, idleFor))
	return errors.Join(err, idle.Close(), idle.Wait())
}

// idleFor is how long a server is trusted to tell of new mail by itself.
const idleFor = 5 * time.Minute

func (m *mailbox) pause(ctx context.Context, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-m.told:
	case <-timer.C:
	case <-m.Closed():
		return errors.New("the mail server ended the connection")
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
