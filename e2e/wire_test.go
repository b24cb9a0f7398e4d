package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// wire is what lies between visitors' browsers and the server, and breaks in the ways
// in which networks do.
type wire struct {
	t     *testing.T
	url   string // as pages know the server
	core  string // "http://host:port", set once the server is there
	proxy *httputil.ReverseProxy

	mu        sync.Mutex
	requests  []string
	open      map[*wireLine]bool
	deaf      bool // pages can be loaded, and neither say nor hear anything
	noSockets bool
	hold      chan struct{} // uploads wait until it is closed
}

// wireLine is one connection that stays.
type wireLine struct {
	page *websocket.Conn // nil: not a WebSocket
	end  context.CancelFunc
}

func newWire(t *testing.T) *wire {
	w := &wire{t: t, open: map[*wireLine]bool{}}
	w.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			to, err := url.Parse(w.core)
			if err != nil {
				t.Error(err)
				return
			}
			r.SetURL(to)
		},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(w)
	t.Cleanup(func() {
		w.cut()
		server.CloseClientConnections()
		server.Close()
	})
	w.url = server.URL
	return w
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	w.mu.Lock()
	w.requests = append(w.requests, r.Method+" "+path)
	deaf, noSockets, hold := w.deaf, w.noSockets, w.hold
	w.mu.Unlock()
	socket := path == "/v1/socket"
	live := socket || path == "/v1/frames" || path == "/v1/stream" || path == "/v1/uploads"
	if live && deaf {
		panic(http.ErrAbortHandler)
	}
	if socket && noSockets {
		http.Error(rw, "upgrades are not let through here", http.StatusForbidden)
		return
	}
	if path == "/v1/uploads" && hold != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the page has given it up
		}
		<-hold
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	switch {
	case socket:
		w.relay(ctx, cancel, rw, r)
	case live:
		defer w.keep(&wireLine{end: cancel})()
		w.proxy.ServeHTTP(rw, r.WithContext(ctx))
	default:
		w.proxy.ServeHTTP(rw, r.WithContext(ctx))
	}
}

func (w *wire) keep(l *wireLine) (forget func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[l] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.open, l)
	}
}

// relay carries frames both ways, and the code with which either side closes.
func (w *wire) relay(ctx context.Context, cancel context.CancelFunc, rw http.ResponseWriter, r *http.Request) {
	core, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(w.core, "http")+r.URL.RequestURI(), &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": r.Header["Origin"], "User-Agent": r.Header["User-Agent"]},
	})
	if err != nil {
		panic(http.ErrAbortHandler) // the server is not there
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	page, err := websocket.Accept(rw, r, &websocket.AcceptOptions{Subprotocols: []string{"pocketping.v1"}, InsecureSkipVerify: true})
	if err != nil {
		_ = core.CloseNow()
		return
	}
	for _, c := range []*websocket.Conn{core, page} {
		c.SetReadLimit(-1)
	}
	defer w.keep(&wireLine{page, cancel})()
	var both sync.WaitGroup
	both.Go(func() { carry(ctx, page, core) })
	both.Go(func() { carry(ctx, core, page) })
	both.Wait()
}

func carry(ctx context.Context, from, to *websocket.Conn) {
	for {
		kind, data, err := from.Read(ctx)
		if err == nil {
			err = to.Write(ctx, kind, data)
		}
		if code := websocket.CloseStatus(err); code > 0 && code != websocket.StatusNoStatusRcvd {
			_ = to.Close(code, "")
		} else if err != nil {
			_ = to.CloseNow()
		}
		if err != nil {
			return
		}
	}
}

// cut breaks all connections without a word and answers how many there were.
func (w *wire) cut() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.open {
		l.end()
	}
	return len(w.open)
}

// close ends all WebSockets with the code.
func (w *wire) close(code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.open {
		if l.page != nil {
			go func() { _ = l.page.Close(websocket.StatusCode(code), "") }() // it waits for the page's answer
		}
	}
}

// sockets is how many WebSockets are open.
func (w *wire) sockets() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.open {
		if l.page != nil {
			n++
		}
	}
	return n
}

// let changes what gets through, and breaks what is open when that is less.
func (w *wire) let(change func()) {
	w.mu.Lock()
	change()
	less := w.deaf || w.noSockets
	w.mu.Unlock()
	if less {
		w.cut()
	}
}

// asked are the requests since the last time.
func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	requests := w.requests
	w.requests = nil
	return requests
}
