// Package emailtest runs a real SMTP server and a real IMAP server in memory, for tests
// of what mails. What is sent is kept; what a test lets arrive stands in the mailbox.
package emailtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Mail is one that the SMTP server has taken.
type Mail struct {
	From, To string // of the envelope
	Raw      []byte
}

// State is what the servers have seen.
type State struct {
	Mails  []Mail
	Tries  int // mails that were begun
	Logins int // at the mailbox
}

// String sums it up.
func (s State) String() string {
	return fmt.Sprintf("%d mails of %d tries, %d logins", len(s.Mails), s.Tries, s.Logins)
}

// Server is both servers.
type Server struct {
	SMTPAddr, IMAPAddr string
	User, Password     string         // of both
	Roots              *x509.CertPool // who signed their certificate; nil without TLS

	smtp    *smtp.Server
	imap    *imapserver.Server
	ends    []net.Listener
	serving sync.WaitGroup
	user    *imapmemserver.User

	mu       sync.Mutex
	changed  chan struct{}
	state    State
	onData   func(Mail) error
	after    func(Mail) error
	patience time.Duration
}

// Option changes a server before it starts.
type Option func(*options)

type options struct {
	tls, start, noIdle bool
}

// WithTLS wants TLS from the first byte on both.
func WithTLS() Option { return func(o *options) { o.tls = true } }

// WithSTARTTLS offers TLS on both, and lets nobody in without it.
func WithSTARTTLS() Option { return func(o *options) { o.start = true } }

// WithoutIdle lets the mailbox tell of nothing by itself.
func WithoutIdle() Option { return func(o *options) { o.noIdle = true } }

// NewServer starts both on free ports of this machine. Close ends them.
func NewServer(opts ...Option) *Server {
	var o options
	for _, set := range opts {
		set(&o)
	}
	s := &Server{User: "chat", Password: "pass-of-the-mailbox", changed: make(chan struct{}), patience: 30 * time.Second}
	var config *tls.Config
	if o.tls || o.start {
		config, s.Roots = certificate()
	}
	s.startSMTP(config, o)
	s.startIMAP(config, o)
	return s
}

// certificate is one for 127.0.0.1, and who signed it.
func certificate() (*tls.Config, *x509.CertPool) {
	donor := httptest.NewTLSServer(nil)
	defer donor.Close()
	roots := x509.NewCertPool()
	roots.AddCert(donor.Certificate())
	return &tls.Config{Certificates: donor.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots
}

func (s *Server) listen(config *tls.Config) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("emailtest: " + err.Error())
	}
	s.ends = append(s.ends, l)
	if config != nil {
		return tls.NewListener(l, config)
	}
	return l
}

func (s *Server) startSMTP(config *tls.Config, o options) {
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	s.smtp.Domain, s.smtp.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	s.smtp.AllowInsecureAuth = !o.start
	if o.start {
		s.smtp.TLSConfig, config = config, nil
	}
	l := s.listen(config)
	s.SMTPAddr = l.Addr().String()
	s.serving.Go(func() { _ = s.smtp.Serve(l) })
}

func (s *Server) startIMAP(config *tls.Config, o options) {
	memory := imapmemserver.New()
	s.user = imapmemserver.NewUser(s.User, s.Password)
	memory.AddUser(s.user)
	s.make()
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}}
	if o.noIdle {
		delete(caps, imap.CapIdle)
	}
	options := &imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &counted{memory.NewSession().(imapserver.SessionIMAP4rev2), s}, nil, nil
		},
		Caps: caps, InsecureAuth: !o.start, Logger: log.New(io.Discard, "", 0),
	}
	if o.start {
		options.TLSConfig, config = config, nil
	}
	s.imap = imapserver.New(options)
	l := s.listen(config)
	s.IMAPAddr = l.Addr().String()
	s.serving.Go(func() { _ = s.imap.Serve(l) })
}

func (s *Server) make() {
	if err := s.user.Create("INBOX", nil); err != nil {
		panic("emailtest: " + err.Error())
	}
}

// Close ends both servers.
func (s *Server) Close() {
	for _, l := range s.ends {
		_ = l.Close() // what has not begun to serve yet does not close it
	}
	s.serving.Wait() // the servers may not be closed while they begin
	_ = s.smtp.Close()
	_ = s.imap.Close()
}

// Arrive puts a mail into the mailbox.
func (s *Server) Arrive(raw string) {
	text := bytes.ReplaceAll(bytes.ReplaceAll([]byte(raw), []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	if _, err := s.user.Append("INBOX", bytes.NewReader(text), &imap.AppendOptions{}); err != nil {
		panic("emailtest: " + err.Error())
	}
}

// Remake deletes the mailbox and makes it anew, empty, with another validity.
func (s *Server) Remake() {
	if err := s.user.Delete("INBOX"); err != nil {
		panic("emailtest: " + err.Error())
	}
	s.make()
}

// OnData decides about each mail before it is taken: an error, such as an
// *smtp.SMTPError, is what the client is told. It may block.
func (s *Server) OnData(decide func(Mail) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onData = decide
}

// OnTaken is called after a mail was taken and before the client is told so. An error
// is what it is told instead.
func (s *Server) OnTaken(then func(Mail) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = then
}

// State is what the servers have seen until now.
func (s *Server) State() State {
	state, _ := s.look()
	return state
}

// WaitFor returns the state as soon as it is as wanted, and fails the test when it
// does not get there in time.
func (s *Server) WaitFor(t simulator.TB, want func(State) bool) State {
	t.Helper()
	return simulator.Wait(t, "emailtest", s.patience, s.look, want)
}

func (s *Server) look() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	state.Mails = slices.Clone(s.state.Mails)
	return state, s.changed
}

func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// counted is a connection to the mailbox.
type counted struct {
	imapserver.SessionIMAP4rev2
	s *Server
}

func (c *counted) Login(user, password string) error {
	c.s.update(func() { c.s.state.Logins++ })
	return c.SessionIMAP4rev2.Login(user, password)
}

// Idle tells of what arrives, also of what came just before: the library's own Idle
// keeps that to itself until something else arrives.
func (c *counted) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if err := c.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-look.C:
		}
	}
}

const lookEvery = 20 * time.Millisecond

// session is a connection to the SMTP server.
type session struct {
	s       *Server
	known   bool
	current Mail
}

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.s.User || password != c.s.Password {
			return smtp.ErrAuthFailed
		}
		c.known = true
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.known {
		return smtp.ErrAuthRequired
	}
	c.current = Mail{From: from}
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.current.To = to
	return nil
}

func (c *session) Data(r io.Reader) (err error) {
	if c.current.Raw, err = io.ReadAll(r); err != nil {
		return err
	}
	c.s.mu.Lock()
	decide, then := c.s.onData, c.s.after
	c.s.mu.Unlock()
	c.s.update(func() { c.s.state.Tries++ })
	if decide != nil {
		if err := decide(c.current); err != nil {
			return err
		}
	}
	c.s.update(func() { c.s.state.Mails = append(c.s.state.Mails, c.current) })
	if then != nil {
		return then(c.current)
	}
	return nil
}

func (c *session) Reset()        { c.current = Mail{} }
func (c *session) Logout() error { return nil }
