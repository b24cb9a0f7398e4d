// Command cmd runs the mail servers as a driver of the conformance kit: a session's
// thread is what was mailed of it, and who answers is its visitor. See simulator.Control.
//
//	pocketping plugin test bin/plugins/email --platform "go run ./plugins/email/emailtest/cmd"
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	if err := control(emailtest.NewServer()).Run(); err != nil {
		log.Fatal(err)
	}
}

func control(s *emailtest.Server) simulator.Control {
	p := &platform{Server: s}
	s.OnData(p.before)
	s.OnTaken(p.after)
	return simulator.Control{
		Config: map[string]any{
			"address": "chat@example.com", "secret": "secret-of-the-simulated-mailbox", "after": "1s", "poll": "1s", "link": "https://example.com/",
			"smtp": s.SMTPAddr, "smtp_user": s.User, "smtp_password": s.Password, "smtp_tls": "none",
			"imap": s.IMAPAddr, "imap_user": s.User, "imap_password": s.Password, "imap_tls": "none",
		},
		Say: p.say, Thread: p.seen, Fail: p.fail,
		Odd: func(string) error { s.Arrive("This is: not\x00 a mail"); return nil },
		Counts: func() simulator.Counts {
			return simulator.Counts{Calls: s.State().Tries, Pending: -1}
		},
	}
}

// platform is the servers, and how they fail.
type platform struct {
	*emailtest.Server
	mails atomic.Int64

	mu      sync.Mutex
	trouble simulator.Trouble
}

func (p *platform) fail(t simulator.Trouble) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble = t
	return nil
}

// now is the trouble of this mail, if it is of the kind.
func (p *platform) now(lost bool) simulator.Trouble {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trouble
	if t.Times <= 0 || (t.How == simulator.TroubleLost) != lost {
		return simulator.Trouble{}
	}
	p.trouble.Times--
	return t
}

func (p *platform) before(emailtest.Mail) error {
	switch t := p.now(false); t.How {
	case simulator.TroubleWait, simulator.TroubleError:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	case simulator.TroubleSlow:
		time.Sleep(time.Duration(t.Seconds * float64(time.Second))) // that is what is asked for
	}
	return nil
}

func (p *platform) after(emailtest.Mail) error {
	if p.now(true).How == simulator.TroubleLost {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "nobody knows"}
	}
	return nil
}

// of are the session's mails, by its id, which is a part of where answers go to.
func (p *platform) of(session string) (found []*mail.Message) {
	id := strings.TrimPrefix(session, "sess_")
	for _, m := range p.State().Mails {
		if read, err := mail.ReadMessage(bytes.NewReader(m.Raw)); err == nil && strings.Contains(read.Header.Get("Reply-To"), id) {
			found = append(found, read)
		}
	}
	return found
}

// say answers the newest mail of the session.
func (p *platform) say(a simulator.Said) (string, error) {
	mails := p.of(a.Thread)
	if len(mails) == 0 {
		return "", fmt.Errorf("%w: nothing was mailed of the session %s", simulator.ErrNo, a.Thread)
	}
	last := mails[len(mails)-1].Header
	id := fmt.Sprintf("answer-%d@visitor.example", p.mails.Add(1))
	head := fmt.Sprintf("From: Anna <anna@example.com>\nTo: %s\nSubject: Re: %s\nMessage-ID: <%s>\nIn-Reply-To: %s\nDate: %s\nMIME-Version: 1.0\n",
		last.Get("Reply-To"), last.Get("Subject"), id, last.Get("Message-Id"), time.Now().Format(time.RFC1123Z))
	text := "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + a.Text + "\n"
	if f := a.File; f != nil {
		text = fmt.Sprintf("Content-Type: multipart/mixed; boundary=kit\n\n--kit\n%s\n--kit\nContent-Type: %s\nContent-Disposition: attachment; filename=%q\nContent-Transfer-Encoding: base64\n\n%s\n--kit--\n",
			text, f.Type, f.Name, base64.StdEncoding.EncodeToString(f.Data))
	}
	p.Arrive(head + text)
	return id, nil
}

// seen are the texts of the session's mails.
func (p *platform) seen(session string) (seen []simulator.Seen, err error) {
	id := strings.TrimPrefix(session, "sess_")
	for _, m := range p.State().Mails {
		if !bytes.Contains(m.Raw, []byte(id)) {
			continue
		}
		text, files, err := read(m.Raw)
		if err != nil {
			return nil, err
		}
		seen = append(seen, simulator.Seen{ID: fmt.Sprint(len(seen)), Text: text, Own: true, Files: files})
	}
	return seen, nil
}

func read(raw []byte) (text string, files []string, err error) {
	r, err := gomail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return "", nil, err
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return text, files, nil
		} else if err != nil {
			return "", nil, err
		}
		if h, ok := part.Header.(*gomail.AttachmentHeader); ok {
			name, _ := h.Filename()
			files = append(files, name)
			continue
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return "", nil, err
		}
		text += string(body)
	}
}
