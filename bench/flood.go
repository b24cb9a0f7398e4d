package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/internal/harness"
)

const (
	floodRounds  = 2
	floodSockets = 15_000 // of 20,000 descriptors that a process has here
	floodEnv     = "POCKETPING_BENCH_FLOOD"
)

// floods are what somebody does who wants others not to be served, and how often in a second.
var floods = []struct {
	name, what string
	rate       int
	attack     func(ctx context.Context, url string, n int) error
}{
	{"one address", "sockets that say hello, from one address", 200, func(ctx context.Context, url string, _ int) error { return floodHello(ctx, url, "198.51.100.7") }},
	{"many addresses", "sockets that say hello, each from an address of its own", 200, func(ctx context.Context, url string, n int) error { return floodHello(ctx, url, strangeAddress(n)) }},
	{"big bodies", "requests of 1 MiB to frames and uploads", 50, floodBody},
	{"slow", "connections that send a header or a body a byte at a time, and sockets that never say hello", 100, floodSlow},
	{"idle sockets", fmt.Sprintf("up to %d sockets of known visitors that stay open, 250 from an address", floodSockets), 2000, floodIdle},
}

// measureFlood posts on an even beat as honest visitors do, in turns with and without a flood
// from another process, against a server with the limits that it has by default and a proof of work.
func measureFlood(ctx context.Context, l lab) ([]Figure, error) {
	config := config("")
	head, rest, _ := strings.Cut(config, "limits {")
	_, tail, _ := strings.Cut(rest, "}")
	config = strings.Replace(head, `server   { listen = "{{listen}}" }`, "server {\n  listen = \"{{listen}}\"\n  proxies = [\"127.0.0.1\"]\n}", 1) +
		"limits {\n  frames = \"none\"\n  proof_of_work = \"flooded\"\n}" + tail
	var figures []Figure
	for _, flood := range floods {
		dir, err := os.MkdirTemp(l.dir, "")
		if err != nil {
			return nil, err
		}
		core, err := harness.New(l.bins, dir, config)
		if err == nil {
			err = core.Start(ctx)
		}
		if err != nil {
			return nil, err
		}
		quiet, loud, err := honest(ctx, core.URL, flood.name)
		_ = core.Stop()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flood.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: p99 %s, quiet %s\n", flood.name, quantile(loud, 0.99), quantile(quiet, 0.99))
		figures = append(figures, figure("post → event while flooded: "+flood.name+", p99", "ms", micros(quantile(loud, 0.99))/1e3, micros(quantile(quiet, 0.99))/1e3, "≤ 2",
			fmt.Sprintf("%s, %d a second from another process on the same processors; %d posts a second of 20 honest visitors, %d rounds of %s in turns with as many without the flood, which are the floor", flood.what, flood.rate, floodBeat, floodRounds, latencyRound)))
	}
	return figures, nil
}

const floodBeat = 100 // posts a second

// honest are the times of honest visitors' posts without the flood, and with it.
func honest(ctx context.Context, url, flood string) (quiet, loud []time.Duration, err error) {
	pages, err := openPages(ctx, url, 20)
	if err != nil {
		return nil, nil, err
	}
	for round := range 2*floodRounds + 1 {
		attacked := round%2 == 0 && round > 0
		end := func() error { return nil }
		if attacked {
			if end, err = startFlood(ctx, url, flood); err != nil {
				return nil, nil, err
			}
		}
		times, err := postEvenly(ctx, pages, round)
		if err := end(); err != nil {
			return nil, nil, err
		}
		switch {
		case err != nil:
			return nil, nil, err
		case attacked:
			loud = append(loud, times...)
		case round > 0: // the first warms up
			quiet = append(quiet, times...)
		}
	}
	return quiet, loud, nil
}

func postEvenly(ctx context.Context, pages []*page, round int) ([]time.Duration, error) {
	var all []time.Duration
	tick := time.NewTicker(time.Second / floodBeat)
	defer tick.Stop()
	results := make(chan []time.Duration, len(pages))
	failed := make(chan error, len(pages))
	due := make([][]time.Time, len(pages))
	begin := time.Now()
	for n := range int(latencyRound.Seconds() * floodBeat) {
		i := n % len(pages)
		due[i] = append(due[i], begin.Add(time.Duration(n)*time.Second/floodBeat))
	}
	for i, p := range pages {
		go func() {
			times, err := echoes(ctx, p, due[i])
			if err != nil {
				failed <- err
				return
			}
			results <- times
		}()
	}
	for n := range int(latencyRound.Seconds() * floodBeat) {
		i := n % len(pages)
		time.Sleep(time.Until(due[i][n/len(pages)]))
		if err := pages[i].post(ctx, fmt.Sprintf("flood-%d-%d", round, n)); err != nil {
			return nil, err
		}
	}
	for range pages {
		select {
		case times := <-results:
			all = append(all, times...)
		case err := <-failed:
			return nil, err
		}
	}
	return all, nil
}

// startFlood has another process flood the server, and returns once it does.
func startFlood(ctx context.Context, url, name string) (end func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleEnv+"=flood", floodEnv+"="+name+"|"+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		return nil, fmt.Errorf("the flood did not begin: %w", err)
	}
	return func() error {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return nil
	}, nil
}

// playFlood floods until it is killed.
func playFlood() {
	name, url, _ := strings.Cut(os.Getenv(floodEnv), "|")
	for _, flood := range floods {
		if flood.name != name {
			continue
		}
		begin := 10 // of them, and it is on
		if name == "idle sockets" {
			begin = 1000 // the others come while honest visitors post: those answer no pings before
		}
		var done, failed atomic.Int64
		tick := time.NewTicker(time.Second / time.Duration(flood.rate))
		under := make(chan struct{}, 1000)
		for n := 0; ; n++ {
			if n == begin {
				fmt.Fprintf(os.Stderr, "%s: %d done, %d refused\n", name, done.Load(), failed.Load())
				fmt.Print("!")
			}
			<-tick.C
			if name == "idle sockets" && n > floodSockets {
				continue
			}
			under <- struct{}{}
			go func() {
				defer func() { <-under }()
				if flood.attack(context.Background(), url, n) != nil {
					failed.Add(1)
				}
				done.Add(1)
			}()
		}
	}
}

func strangeAddress(n int) string { return fmt.Sprintf("198.18.%d.%d", n/250%250, n%250+1) }

func dialAs(ctx context.Context, url, address string) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+"/v1/socket", &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {"http://bench.example"}, "X-Forwarded-For": {address}},
	})
	return conn, err
}

func floodHello(ctx context.Context, url, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := dialAs(ctx, url, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"hello","key":"`+publicKey+`"}`)); err != nil {
		return err
	}
	_, said, err := conn.Read(ctx)
	if err == nil && !bytes.Contains(said, []byte(`"welcome"`)) {
		err = fmt.Errorf("%s", said)
	}
	return err
}

var megabyte = bytes.Repeat([]byte("x"), 1<<20)

func floodBody(ctx context.Context, url string, n int) error {
	path := []string{"/v1/frames", "/v1/uploads"}[n%2]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, bytes.NewReader(megabyte))
	if err != nil {
		return err
	}
	req.Header.Set("Origin", "http://bench.example")
	req.Header.Set("X-Forwarded-For", strangeAddress(n))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// floodSlow keeps a connection as long as the server lets it.
func floodSlow(_ context.Context, url string, n int) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return err
	}
	head := []string{
		"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "POST /v1/frames HTTP/1.1\r\nHost: x\r\nOrigin: http://bench.example\r\nContent-Length: 100000\r\n\r\n[",
		"GET /v1/socket HTTP/1.1\r\nHost: x\r\nOrigin: http://bench.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: pocketping.v1\r\n\r\n",
	}[n%3]
	if _, err := io.WriteString(conn, head); err != nil {
		return err
	}
	go func() {
		defer func() { _ = conn.Close() }()
		for {
			time.Sleep(time.Second + time.Duration(rand.IntN(1000))*time.Millisecond)
			if _, err := conn.Write([]byte("a")); err != nil {
				return
			}
		}
	}()
	return nil
}

var idleToken atomic.Pointer[string]

// floodIdle opens a socket that stays. The first makes a visitor, and the others are their tabs.
func floodIdle(ctx context.Context, url string, n int) error {
	conn, err := dialAs(ctx, url, strangeAddress(n/250))
	if err != nil {
		return err
	}
	hello := `{"type":"hello","key":"` + publicKey + `"}`
	if token := idleToken.Load(); token != nil {
		hello = `{"type":"hello","key":"` + publicKey + `","token":"` + *token + `"}`
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte(hello)); err != nil {
		return err
	}
	_, said, err := conn.Read(ctx)
	if _, rest, found := bytes.Cut(said, []byte(`"token":"`)); found {
		token, _, _ := bytes.Cut(rest, []byte(`"`))
		text := string(token)
		idleToken.CompareAndSwap(nil, &text)
	}
	return err
}
