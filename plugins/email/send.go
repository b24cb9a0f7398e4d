package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	dialTimeout = 10 * time.Second
	cmdTimeout  = 15 * time.Second
	dataTimeout = 30 * time.Second
)

// dial connects, with TLS from the first byte where the server wants that.
func (s server) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout}
	if s.tls != tlsDirect {
		return dialer.DialContext(ctx, "tcp", s.addr)
	}
	return (&tls.Dialer{NetDialer: dialer, Config: s.config()}).DialContext(ctx, "tcp", s.addr)
}

// open greets the SMTP server and logs in.
func (s server) open(ctx context.Context) (*smtp.Client, error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("the mail server %s is not reached: %w", s.addr, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	var c *smtp.Client
	if s.tls == tlsStart {
		if c, err = smtp.NewClientStartTLS(conn, s.config()); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("the mail server %s does not begin TLS: %w", s.addr, err)
		}
	} else {
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = cmdTimeout, dataTimeout
	if err := s.login(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (s server) login(c *smtp.Client) error {
	if s.user == "" {
		return nil
	}
	how := sasl.NewPlainClient("", s.user, s.password)
	if !c.SupportsAuth(sasl.Plain) && c.SupportsAuth(sasl.Login) {
		how = sasl.NewLoginClient(s.user, s.password)
	}
	err := c.Auth(how)
	if e := (*smtp.SMTPError)(nil); errors.As(err, &e) && !e.Temporary() {
		return plugin.Unusable(fmt.Errorf("the mail server %s does not let %s in: check smtp_user and smtp_password: %w", s.addr, s.user, err))
	}
	if err != nil {
		return fmt.Errorf("the login at the mail server %s failed: %w", s.addr, err)
	}
	return nil
}

// send hands one mail over. A refusal for good is Permanent; after any other error
// it is sent again, and the server may have taken it when the error came last.
func (s server) send(ctx context.Context, from, to string, letter []byte) error {
	c, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if err := c.Mail(from, nil); err != nil {
		return refused("does not send for "+from, err)
	}
	if err := c.Rcpt(to, nil); err != nil {
		return refused("does not send to "+to, err)
	}
	w, err := c.Data()
	if err != nil {
		return refused("takes no mail to "+to, err)
	}
	if _, err := w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return refused("did not take the mail to "+to, err)
	}
	_ = c.Quit() // it has the mail
	return nil
}

func refused(what string, err error) error {
	said := fmt.Errorf("the mail server %s: %w", what, err)
	if e := (*smtp.SMTPError)(nil); errors.As(err, &e) && !e.Temporary() {
		return plugin.Permanent(said)
	}
	return said
}
