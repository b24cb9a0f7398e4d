package simulator

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Door is where a simulator is reached. It can be shut and opened again at the same
// address. Addr and Handler are set before it is opened.
type Door struct {
	Addr    string // where to listen; once it was open, with the port
	Handler http.Handler
	// ConnContext is that of http.Server.
	ConnContext func(ctx context.Context, c net.Conn) context.Context

	mu       sync.Mutex
	server   *http.Server // nil while it is shut
	listener net.Listener
}

// Open lets connections in; an open door stays so.
func (d *Door) Open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return nil
	}
	l, err := net.Listen("tcp", d.Addr)
	if err != nil {
		return err
	}
	d.Addr, d.listener = l.Addr().String(), l
	server := &http.Server{Handler: d.Handler, ReadHeaderTimeout: 10 * time.Second, ConnContext: d.ConnContext}
	d.server = server
	go func() { _ = server.Serve(l) }() // ends when it is shut
	return nil
}

// Shut cuts connections and refuses new ones.
func (d *Door) Shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return
	}
	_ = d.listener.Close() // by itself: the server may not know of it yet
	_ = d.server.Close()
	d.server = nil
}

// Reset ends the request's connection without an answer.
func Reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset; a plain close will do where it fails
	}
	_ = conn.Close()
}

// Delay holds a request up for so long, at most until its caller has gone or the
// simulator is closed.
func Delay(c Clock, r *http.Request, d time.Duration, closed <-chan struct{}) {
	if d <= 0 {
		return
	}
	select {
	case <-c.After(d):
	case <-r.Context().Done():
	case <-closed:
	}
}
