package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/internal/harness"
)

const idleVisitors = 10_000

// measureIdle opens 10,000 sockets that say hello and then nothing, and compares
// the server's resident memory before and after. The floor is a server that only
// accepts: one goroutine per coder/websocket connection with small buffers.
func measureIdle(ctx context.Context, l lab) ([]Figure, error) {
	core, err := harness.New(l.bins, l.dir, config(""))
	if err != nil {
		return nil, err
	}
	if err := core.Start(ctx); err != nil {
		return nil, err
	}
	ours, err := perSocket(ctx, core.PID(), func() (*page, error) { return openPage(ctx, core.URL) })
	_ = core.Stop()
	if err != nil {
		return nil, err
	}
	url, pid, end, err := startBareSockets(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	floor, err := perSocket(ctx, pid, func() (*page, error) {
		conn, _, err := websocket.Dial(ctx, url, nil)
		return &page{conn: conn}, err
	})
	if err != nil {
		return nil, err
	}
	return []Figure{figure("memory per idle visitor", "KiB", ours, floor, "≤ 16 KiB now, 12.5 later",
		fmt.Sprintf("resident memory of the server, before and 10 s after %d sockets were opened; floor: a server with one goroutine per coder/websocket connection and small buffers", idleVisitors))}, nil
}

// perSocket answers in KiB.
func perSocket(ctx context.Context, pid int, open func() (*page, error)) (float64, error) {
	first, err := open() // what the first connection sets up belongs to the server
	if err != nil {
		return 0, err
	}
	pages := []*page{first}
	defer func() {
		for _, p := range pages {
			_ = p.conn.CloseNow()
		}
	}()
	before, err := harness.RSS(pid)
	if err != nil {
		return 0, err
	}
	for range idleVisitors {
		p, err := open()
		if err != nil {
			return 0, fmt.Errorf("after %d sockets: %w", len(pages), err)
		}
		pages = append(pages, p)
	}
	select {
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	after, err := harness.RSS(pid)
	return float64(after-before) / idleVisitors / 1024, err
}

func startBareSockets(ctx context.Context) (url string, pid int, end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", 0, nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleEnv+"=sockets")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", 0, nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", 0, nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	end = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	return "ws://" + strings.TrimSpace(line), cmd.Process.Pid, end, err
}

func serveBareSockets() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(&smallHijack{w}, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.CloseNow() }()
			for {
				if _, _, err := conn.Read(context.Background()); err != nil {
					return
				}
			}
		}()
	}))
}

// smallHijack gives a connection buffers of its own instead of net/http's 4 KiB.
type smallHijack struct{ http.ResponseWriter }

func (h *smallHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, _, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return conn, bufio.NewReadWriter(bufio.NewReaderSize(conn, 512), bufio.NewWriterSize(conn, 512)), nil
}
