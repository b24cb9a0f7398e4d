// Package visitor is a visitor's page without a page: it speaks the widget's
// protocol, keeps what it was told, and never gives up. Tests and benchmarks use
// it to know what a real page would have seen.
package visitor

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Options say where the page is and whose it is.
type Options struct {
	URL    string // ws://host/v1/socket
	Key    string // the project's public key
	Origin string
	Token  string // empty: a new visitor
	Page   string // address of the page that they are on
	Name   string // what they say they are called
	Looks  string // the fingerprint of their browser; empty: none

	// Away is for how long, at most, the page has no network when its connection has
	// broken; zero: 20 ms.
	Away time.Duration
}

// Message is a message as the protocol has it.
type Message struct {
	ID        string `json:"id"`
	Seq       int64  `json:"seq"`
	Sender    string `json:"sender"`
	Text      string `json:"text"`
	ClientID  string `json:"clientId"`
	ReplyTo   string `json:"replyTo"`
	EditedAt  string `json:"editedAt"`
	DeletedAt string `json:"deletedAt"`

	Author      Author       `json:"author"`
	Attachments []Attachment `json:"attachments"`
}

// Author is who the visitor sees as the writer.
type Author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
}

// Attachment is a file of a message.
type Attachment struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Event is an event as the protocol has it.
type Event struct {
	Type      string   `json:"type"`
	Seq       int64    `json:"seq"`
	SessionID string   `json:"sessionId"`
	Message   *Message `json:"message"`
}

// Post is one message on its way: ID is the client's, Acked is closed when the
// core has said that it is stored.
type Post struct {
	ID    string
	Text  string
	Seq   int64
	Acked chan struct{}
}

// Visitor is a page that stays connected until its context ends.
type Visitor struct {
	o      Options
	mu     sync.Mutex
	conn   *websocket.Conn
	token  string
	id     string
	sess   string
	after  int64
	posts  []*Post // not acked yet, in order
	events []Event
	shown  int // messages among the events
	loads  int // how often what is shown was replaced
	faults []string
	delivd int64
	read   int64
	online bool
	emits  []string
	hellos int
	watch  chan struct{} // closed and replaced at every change
	done   chan struct{}
}

// Open starts the page; it connects, and reconnects, until ctx ends.
func Open(ctx context.Context, o Options) *Visitor {
	v := &Visitor{o: o, token: o.Token, watch: make(chan struct{}), done: make(chan struct{})}
	go v.live(ctx)
	return v
}

// Done is closed when the page has gone.
func (v *Visitor) Done() <-chan struct{} { return v.done }

func (v *Visitor) live(ctx context.Context) {
	defer close(v.done)
	for ctx.Err() == nil {
		conn, err := v.connect(ctx)
		if err == nil {
			err = v.listen(ctx, conn)
			_ = conn.CloseNow()
		}
		if err != nil && ctx.Err() == nil {
			pause(ctx, cmp.Or(v.o.Away, 20*time.Millisecond))
		}
	}
}

func pause(ctx context.Context, atMost time.Duration) {
	n, _ := rand.Int(rand.Reader, big.NewInt(int64(atMost)))
	t := time.NewTimer(time.Duration(n.Int64()) + time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (v *Visitor) connect(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, v.o.URL, &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {v.o.Origin}},
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(4 << 20)
	v.mu.Lock()
	hello := map[string]any{"type": "hello", "key": v.o.Key, "visitor": v.id, "token": v.token, "session": v.sess, "after": v.after, "page": map[string]string{"url": v.o.Page}, "fingerprint": v.o.Looks}
	v.mu.Unlock()
	return conn, write(ctx, conn, hello)
}

func write(ctx context.Context, conn *websocket.Conn, frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, b)
}

type frame struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Seq     int64  `json:"seq"`
	Visitor struct{ ID, Token string }
	Session json.RawMessage `json:"session"`
	Resumed bool            `json:"resumed"`
	Event   *Event          `json:"event"`
	Code    string          `json:"code"`
	Message json.RawMessage `json:"message"`
	Retry   float64         `json:"retryAfter"`
	Deliv   int64           `json:"delivered"`
	Read    int64           `json:"read"`
	Online  bool            `json:"online"`
	Name    string          `json:"name"`
}

func (v *Visitor) listen(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		var f frame
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
		if err := v.take(ctx, conn, f); err != nil {
			return err
		}
	}
}

func (v *Visitor) take(ctx context.Context, conn *websocket.Conn, f frame) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.changed()
	switch f.Type {
	case "welcome":
		return v.welcome(ctx, conn, f)
	case "ok":
		v.acked(f)
	case "event":
		v.event(*f.Event)
	case "receipt":
		v.delivd, v.read = max(v.delivd, f.Deliv), max(v.read, f.Read)
	case "presence":
		v.online = f.Online
	case "emit":
		v.emits = append(v.emits, f.Name)
	case "error":
		return v.refused(f)
	}
	return nil
}

// welcome takes the session over and sends again, in order, what was not acked.
func (v *Visitor) welcome(ctx context.Context, conn *websocket.Conn, f frame) error {
	v.hellos++
	v.id, v.online = f.Visitor.ID, f.Online
	if f.Visitor.Token != "" {
		v.token = f.Visitor.Token
	}
	var s struct {
		ID        string
		Seq       int64
		Messages  []Message
		Delivered int64
		Read      int64
	}
	if err := json.Unmarshal(f.Session, &s); err != nil {
		return err
	}
	if !f.Resumed && s.ID != "" {
		v.restart(s.ID, s.Seq, s.Messages)
	}
	v.delivd, v.read = max(v.delivd, s.Delivered), max(v.read, s.Read)
	v.conn = conn
	if v.o.Name != "" {
		err := write(ctx, conn, map[string]any{"type": "identify", "id": rand.Text(), "traits": map[string]string{"name": v.o.Name}})
		if err != nil {
			return err
		}
	}
	for _, p := range v.posts {
		if err := v.send(ctx, conn, p); err != nil {
			return err
		}
	}
	return nil
}

// restart replaces what the page shows by the newest messages.
func (v *Visitor) restart(session string, seq int64, messages []Message) {
	if len(v.events) > 0 {
		v.loads++
	}
	kept := v.events[:0]
	for _, e := range v.events {
		if e.SessionID != session {
			kept = append(kept, e)
		}
	}
	v.events = kept
	v.sess, v.after = session, seq
	for _, m := range messages {
		v.events = append(v.events, Event{Type: "message.posted", Seq: m.Seq, SessionID: session, Message: &m})
	}
	v.shown = 0
	for _, e := range v.events {
		v.count(e)
	}
}

func (v *Visitor) count(e Event) {
	if e.Type == "message.posted" {
		v.shown++
	}
}

func (v *Visitor) send(ctx context.Context, conn *websocket.Conn, p *Post) error {
	return write(ctx, conn, map[string]any{"type": "post", "id": p.ID, "text": p.Text})
}

func (v *Visitor) acked(f frame) {
	for i, p := range v.posts {
		if p.ID == f.ID {
			p.Seq = f.Seq
			v.posts = append(v.posts[:i:i], v.posts[i+1:]...)
			close(p.Acked)
			return
		}
	}
}

func (v *Visitor) event(e Event) {
	if e.SessionID != v.sess {
		v.sess, v.after = e.SessionID, 0
	}
	if e.Seq <= v.after {
		v.faults = append(v.faults, "event out of order or twice: "+e.Type)
		return
	}
	v.after = e.Seq
	v.events = append(v.events, e)
	v.count(e)
}

// refused handles an error frame: what may be tried again is, after a reconnect.
func (v *Visitor) refused(f frame) error {
	if f.Code == "rate_limited" || f.Code == "unavailable" {
		return errors.New(f.Code)
	}
	v.faults = append(v.faults, "error "+f.Code+" "+string(f.Message))
	return nil
}

func (v *Visitor) changed() {
	close(v.watch)
	v.watch = make(chan struct{})
}

// Post queues a message and sends it as soon as there is a connection, in order.
func (v *Visitor) Post(ctx context.Context, text string) *Post {
	p := &Post{ID: rand.Text(), Text: text, Acked: make(chan struct{})}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.posts = append(v.posts, p)
	if v.conn != nil {
		if err := v.send(ctx, v.conn, p); err != nil {
			v.conn = nil // the next welcome sends it again
		}
	}
	return p
}

// Close ends the session, when there is a connection.
func (v *Visitor) Close(ctx context.Context) error {
	return v.tell(ctx, map[string]any{"type": "close", "id": rand.Text()})
}

// Rate says what they think of it, one to five, with a word.
func (v *Visitor) Rate(ctx context.Context, score int, comment string) error {
	return v.tell(ctx, map[string]any{"type": "rate", "id": rand.Text(), "score": score, "comment": comment})
}

func (v *Visitor) tell(ctx context.Context, frame any) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn == nil {
		return errors.New("not connected")
	}
	return write(ctx, v.conn, frame)
}

// Cut drops the connection; the page comes back by itself.
func (v *Visitor) Cut() {
	v.mu.Lock()
	conn := v.conn
	v.conn = nil
	v.mu.Unlock()
	if conn != nil {
		_ = conn.CloseNow()
	}
}
