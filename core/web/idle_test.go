package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// idleVisitor is a browser that has said hello and does nothing more. It keeps no
// buffers, for it lives in the process that is measured.
func (h *house) idleVisitor(t testing.TB) net.Conn {
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET /v1/socket HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36\r\n\r\n", acmeOrigin, subprotocol)
	r := bufio.NewReaderSize(conn, 1024)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	hello := fmt.Sprintf(`{"type":"hello","key":%q,"page":{"url":"https://acme.example/pricing?plan=pro","title":"Pricing"},"language":"en"}`, h.acme.PublicKey)
	frame := append([]byte{0x81, 0x80 | 126, byte(len(hello) >> 8), byte(len(hello)), 0, 0, 0, 0}, hello...) // masked with zeros
	if _, err := conn.Write(frame); err != nil {
		t.Fatal(err)
	}
	if b, err := r.ReadByte(); err != nil || b != 0x81 {
		t.Fatal(b, err)
	}
	if _, err := r.Discard(r.Buffered()); err != nil {
		t.Fatal(err)
	}
	return conn
}

func rss(t testing.TB) int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("resident memory is read from /proc")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// settle gives back what is garbage, and lets the stacks shrink.
func settle() {
	for range 6 {
		runtime.GC()
	}
	debug.FreeOSMemory()
}

// idleMost is 16 KiB for an idle visitor and 2 KiB for their own end of the
// connection, which lives in the process that is measured.
const idleMost = 18 << 10

// TestIdleVisitorsAreCheap keeps the memory of an idle visitor within its bound.
func TestIdleVisitorsAreCheap(t *testing.T) {
	visitors := 2000
	if raceDetector { // which looks at memory in another way
		visitors = 200
	}
	if text := os.Getenv("IDLE_VISITORS"); text != "" {
		visitors, _ = strconv.Atoi(text)
	}
	still := time.Now()
	h := newHouse(t, func(o *Options) { o.Now = func() time.Time { return still } }) // nobody is pinged: they would not answer
	conns := []net.Conn{h.idleVisitor(t)}
	settle()
	before, goroutines := rss(t), runtime.NumGoroutine()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range visitors / 8 {
				conn := h.idleVisitor(t)
				mu.Lock()
				conns = append(conns, conn)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	until(t, "everybody is in", func() bool { return h.srv.sockets.count() == len(conns) })
	until(t, "nobody is being written to", func() bool { return runtime.NumGoroutine() <= goroutines+visitors+8 })
	settle()
	each := (rss(t) - before) / int64(visitors)
	t.Logf("%d idle visitors: %d bytes (%.1f KiB) of RSS and %.2f goroutines each", visitors, each, float64(each)/1024,
		float64(runtime.NumGoroutine()-goroutines)/float64(visitors))
	if each > idleMost && !raceDetector {
		t.Errorf("an idle visitor costs %d bytes, at most %d are allowed", each, idleMost)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	until(t, "everybody has left", func() bool { return h.srv.sockets.count() == 0 })
}
