package widget_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pocketping/pocketping/widget"
)

const testKey = "pk_test"

type frame = map[string]any

// fakeCore speaks the widget's half of the wire protocol from memory, for one
// visitor at a time, and lets a test break whatever can break.
type fakeCore struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	changed  chan struct{} // closed at each change, then replaced
	token    string
	session  frame
	events   []frame
	messages []frame
	results  map[string]frame // by client id: the ok that it was answered with
	sockets  map[pipe]bool    // that were welcomed
	dropped  map[pipe]bool
	received []frame
	requests []string
	settings frame

	down       bool                         // nobody can connect
	blocked    bool                         // no WebSocket gets through
	mute       bool                         // frames are read and not answered
	refuse     func(f frame) frame          // not nil: the error to answer with
	deafTo     func(hello frame) (code int) // not 0: close with it instead of a welcome
	policy     string
	at         string // not empty: when everything happens
	broken     bool   // the settings cannot be had
	attributes string // more of the script's
	styles     string // of the page
	bundled    string // not empty: the module of the page, in place of a script tag
	bare       bool   // extra.js cannot be had
	around     string // not empty: what the page holds, in place of the widget
	teller     string // not empty: a script that the page has besides
	uploads    [][]byte
	full       bool             // no upload is taken
	slow       chan struct{}    // not nil: uploads end when it is closed
	gathering  bool             // who says hello without a token waits, until they are all welcomed at once
	strangers  []pipe           // who wait
	tokens     map[string]bool  // that are good too, of visitors who were made at once
	bearers    map[pipe]string  // the token that each is known by
	posters    []string         // by whose tokens messages were posted
	greeting   frame            // not nil: what every hello is answered with
	demo       *widget.DemoPage // not nil: the page is the demo
	prelude    string           // what widget.js does first
}

func newFakeCore(t *testing.T) *fakeCore {
	c := &fakeCore{
		t: t, changed: make(chan struct{}), results: map[string]frame{}, sockets: map[pipe]bool{}, dropped: map[pipe]bool{}, tokens: map[string]bool{}, bearers: map[pipe]string{},
		settings: frame{"name": "Acme", "color": "#6366f1", "operator": "Acme support", "welcome": "Hi! How can we help?"},
		policy:   "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.page)
	mux.HandleFunc("GET /contact", c.page)
	mux.HandleFunc("GET /page/{n}", c.page)
	for _, path := range []string{"/bundle.js", "/npm/", "/react.js"} {
		mux.HandleFunc("GET "+path, c.bundledPage)
	}
	mux.HandleFunc("GET /widget.js", c.widget)
	mux.HandleFunc("GET /extra.js", c.extra)
	mux.Handle("GET /demo/", http.StripPrefix("/demo/", http.FileServerFS(widget.DemoFiles())))
	mux.HandleFunc("GET /v1/widget/{key}", c.widgetSettings)
	mux.HandleFunc("GET /v1/socket", c.socket)
	mux.HandleFunc("POST /v1/frames", c.frames)
	mux.HandleFunc("GET /v1/stream", c.stream)
	mux.HandleFunc("POST /v1/uploads", c.upload)
	mux.HandleFunc("GET /v1/files/{id}", c.file)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.do(func() { c.requests = append(c.requests, r.URL.RequestURI()) })
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Allow-Headers", "authorization")
		}
		if r.Method == http.MethodOptions {
			return
		}
		mux.ServeHTTP(w, r)
	}))
	c.url = server.URL
	t.Cleanup(func() {
		c.drop(1001)
		server.Close()
	})
	return c
}

func (c *fakeCore) widget(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	prelude := c.prelude
	c.mu.Unlock()
	script(w, append([]byte(prelude), widget.Script...))
}

func (c *fakeCore) extra(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	bare := c.bare
	c.mu.Unlock()
	if bare {
		http.Error(w, "not here", http.StatusNotFound)
		return
	}
	script(w, widget.Extra)
}

func script(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(body)
}

// do changes the core's state and wakes whoever waits for a change.
func (c *fakeCore) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// until waits for the condition, which is asked again at each change.
func (c *fakeCore) until(what string, met func() bool) {
	c.t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		c.mu.Lock()
		ok, changed := met(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("never happened: %s; received: %v", what, c.received)
		}
	}
}

func (c *fakeCore) page(w http.ResponseWriter, r *http.Request) {
	if c.demo != nil {
		c.demoPage(w)
		return
	}
	if c.around != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>Outer</title>`+c.around+`</html>`)
		return
	}
	w.Header().Set("Content-Security-Policy", c.policy)
	if c.bundled != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>Shop</title><h1>A page</h1><script type="module" src="/bundle.js"></script></html>`)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Shop</title>%s<main><h1>A page</h1><p>Some text.</p></main><script async src="/widget.js" data-key="%s" %s></script>%s</html>`, c.styles, testKey, c.attributes, c.tellerScript())
}

func (c *fakeCore) tellerScript() string {
	if c.teller == "" {
		return ""
	}
	return "<script>" + c.teller + "</script>"
}

func (c *fakeCore) widgetSettings(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("key") != testKey {
		http.Error(w, `{"error":{"code":"not_found"}}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		http.Error(w, `{"error":{"code":"unavailable","message":"not now"}}`, http.StatusServiceUnavailable)
		return
	}
	page, guess, _ := strings.Cut(r.URL.Query().Get("lang"), ",")
	project, _ := c.settings["lang"].(string)
	settings := frame{"strings": widget.Words(page, project, guess)}
	for name, value := range c.settings {
		settings[name] = value
	}
	_ = json.NewEncoder(w).Encode(settings)
}

func (c *fakeCore) upload(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+c.token {
		http.Error(w, `{"error":{"code":"unauthorized","message":"no such token"}}`, http.StatusUnauthorized)
		return
	}
	c.mu.Lock()
	full, slow := c.full, c.slow
	c.mu.Unlock()
	if full {
		http.Error(w, `{"error":{"code":"too_large","message":"there is no room for it"}}`, http.StatusRequestEntityTooLarge)
		return
	}
	f, head, err := r.FormFile("file")
	if err != nil {
		http.Error(w, `{"error":{"code":"invalid","message":"no file"}}`, http.StatusBadRequest)
		return
	}
	body, _ := io.ReadAll(f)
	if slow != nil {
		<-slow
		return
	}
	var id string
	c.do(func() {
		c.uploads = append(c.uploads, body)
		id = fmt.Sprint("att_", len(c.uploads))
	})
	_ = json.NewEncoder(w).Encode(frame{"id": id, "name": head.Filename, "type": "text/plain", "size": len(body), "url": "/v1/files/" + id})
}

func (c *fakeCore) file(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(pixel)
}

func (c *fakeCore) socket(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	down := c.down || c.blocked
	c.mu.Unlock()
	if down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"pocketping.v1"}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	p := socketPipe{conn}
	defer func() {
		_ = conn.CloseNow()
		c.do(func() { delete(c.sockets, p); delete(c.dropped, p) })
	}()
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Errorf("frame %q: %v", data, err)
			return
		}
		c.do(func() { c.take(p, f) })
	}
}

func (c *fakeCore) take(conn pipe, f frame) {
	if c.dropped[conn] {
		return
	}
	c.received = append(c.received, f)
	id, _ := f["id"].(string)
	switch {
	case f["type"] == "hello":
		c.welcome(conn, f)
	case !c.sockets[conn]:
		c.t.Errorf("%v before hello", f["type"])
	case c.mute || id == "":
	case c.refuse != nil && c.answer(conn, id, c.refuse(f)):
	case c.results[id] != nil:
		c.write(conn, c.results[id])
	default:
		c.obey(conn, id, f)
	}
}

func (c *fakeCore) answer(conn pipe, id string, failure frame) bool {
	if failure == nil {
		return false
	}
	failure["type"], failure["id"] = "error", id
	c.write(conn, failure)
	return true
}

func (c *fakeCore) welcome(conn pipe, f frame) {
	if f["key"] != testKey {
		conn.close(4401)
		return
	}
	if c.deafTo != nil {
		if code := c.deafTo(f); code != 0 {
			go conn.close(code)
			return
		}
	}
	if c.greeting != nil {
		c.sockets[conn] = true
		c.write(conn, c.greeting)
		return
	}
	visitor := frame{"id": "vis_1"}
	if f["token"] == nil {
		if c.gathering {
			c.strangers = append(c.strangers, conn)
			return
		}
		c.token = fmt.Sprint("token", len(c.received))
		visitor["token"] = c.token
	} else if token := f["token"].(string); token != c.token && !c.tokens[token] {
		conn.close(4401)
		return
	} else {
		c.bearers[conn] = token
	}
	c.sockets[conn] = true
	resumed := c.session != nil && f["session"] == c.session["id"] && f["after"] != nil
	var session any
	if c.session != nil {
		s := frame{"messages": append([]frame{}, c.messages[max(0, len(c.messages)-50):]...), "seq": len(c.events)}
		for k, v := range c.session {
			s[k] = v
		}
		session = s
	}
	c.write(conn, frame{"type": "welcome", "visitor": visitor, "session": session, "settings": c.settings, "online": true, "resumed": resumed})
	if resumed {
		for _, e := range c.events[int(f["after"].(float64)):] {
			c.write(conn, frame{"type": "event", "event": e})
		}
	}
}

// welcomeStrangers makes a visitor of each who waits; the caller is inside do.
func (c *fakeCore) welcomeStrangers() {
	for i, conn := range c.strangers {
		c.token = fmt.Sprint("stranger", i)
		c.tokens[c.token], c.bearers[conn], c.sockets[conn] = true, c.token, true
		c.write(conn, frame{"type": "welcome", "visitor": frame{"id": fmt.Sprint("vis_", i), "token": c.token}, "session": nil, "settings": c.settings, "online": true, "resumed": false})
	}
	c.strangers, c.gathering = nil, false
}

func (c *fakeCore) obey(conn pipe, id string, f frame) {
	ok := frame{"type": "ok", "id": id}
	switch f["type"] {
	case "post":
		c.posters = append(c.posters, c.bearers[conn])
		m := c.post("visitor", f["text"].(string), frame{"clientId": id, "replyTo": f["replyTo"], "attachments": c.attached(f)})
		ok["message"], ok["session"], ok["seq"] = m, c.session["id"], m["seq"]
	case "edit":
		ok["message"] = c.change("message.edited", f["message"].(string), frame{"text": f["text"], "editedAt": c.now()})
	case "delete":
		ok["message"] = c.change("message.deleted", f["message"].(string), frame{"text": "", "attachments": nil, "deletedAt": c.now()})
	case "history":
		older := slices.DeleteFunc(slices.Clone(c.messages), func(m frame) bool { return m["seq"].(int) >= int(f["before"].(float64)) })
		first := max(0, len(older)-int(f["limit"].(float64)))
		ok = frame{"type": "history", "id": id, "messages": append([]frame{}, older[first:]...), "hasMore": first > 0}
	}
	c.results[id] = ok
	c.write(conn, ok)
}

func (c *fakeCore) attached(f frame) []frame {
	var list []frame
	ids, _ := f["attachments"].([]any)
	for _, id := range ids {
		list = append(list, frame{"id": id, "name": "notes.txt", "type": "text/plain", "size": 5, "url": "/v1/files/" + id.(string)})
	}
	return list
}
