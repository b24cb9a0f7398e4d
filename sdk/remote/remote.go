// Package remote runs a bridge or hook that the core does not launch: it connects to the
// core over a WebSocket. The Spec is that of a plugin that is launched.
//
//	func main() { remote.Main(plugin.Spec[Config]{Name: "matrix", New: newBridge}) }
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/go-hclog"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1/wsconn"
)

// ErrReplaced is why Serve ends when another plugin has connected with the same key.
var ErrReplaced = errors.New("another plugin has connected with this key and taken over")

// How long to wait until the next connection is tried.
const (
	shortestWait = 100 * time.Millisecond
	longestWait  = 30 * time.Second
	dialTimeout  = 15 * time.Second
	closeTimeout = 6 * time.Second
)

// Main is what a plugin's main calls. Where POCKETPING_URL and POCKETPING_BRIDGE_KEY are in
// the environment it connects, until the process is told to end; else it is plugin.Serve.
func Main[C any](spec plugin.Spec[C]) {
	url, key := os.Getenv(remotev1.URLEnv), os.Getenv(remotev1.KeyEnv)
	if url == "" || key == "" {
		plugin.Serve(spec)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Serve(ctx, spec, url, key); err != nil {
		fmt.Fprintf(os.Stderr, "plugin %s: %v\n", spec.Name, err)
		os.Exit(1)
	}
}

// Serve connects the plugin to the core at the URL with the key of its block, again whenever
// the connection is cut, until ctx ends. Its error says that it must not, or cannot, go on.
func Serve[C any](ctx context.Context, spec plugin.Spec[C], url, key string) error {
	log := hclog.New(&hclog.LoggerOptions{Name: spec.Name, Level: hclog.Info, Output: os.Stderr})
	service, err := plugin.NewService(spec, log)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		service.Close(ctx)
	}()
	wait := time.Duration(0)
	for ctx.Err() == nil {
		worked, after, err := connect(ctx, service, url, key, log)
		switch {
		case ctx.Err() != nil:
			return nil
		case websocket.CloseStatus(err) == remotev1.CloseReplaced:
			return ErrReplaced
		case worked:
			wait = 0
		}
		log.Info("the connection has ended", "error", err)
		wait = min(max(2*wait, after, shortestWait), longestWait)
		select {
		case <-time.After(wait*3/4 + rand.N(wait/2)):
		case <-ctx.Done():
		}
	}
	return nil
}

// connect serves one connection. worked reports that the core has started the bridge; after
// is how long it wants to be left alone.
func connect(ctx context.Context, service *plugin.Service, url, key string, log hclog.Logger) (worked bool, after time.Duration, err error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ws, resp, err := websocket.Dial(dialing, strings.TrimRight(url, "/")+remotev1.Path, &websocket.DialOptions{ //nolint:bodyclose // Dial has closed it, and left what it said
		HTTPHeader: http.Header{"Authorization": {"Bearer " + key}}, Subprotocols: []string{string(remotev1.Proto)},
	})
	if err != nil {
		return false, retryAfter(resp), refusal(resp, err)
	}
	log.Info("connected", "url", url)
	conn, format := wsconn.New(ws)
	began := &watched{PluginServer: service.Connection()}
	err = remotev1.Serve(ctx, conn, format, began)
	return began.opened.Load(), 0, err
}

func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// refusal is what the core says of a connection that it does not take.
func refusal(resp *http.Response, err error) error {
	if resp == nil || resp.Body == nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	words, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // the status says enough without them
	return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(words)))
}
