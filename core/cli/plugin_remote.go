package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1/wsconn"
)

// standInName is the command that stands in for a remote plugin, for `plugin test`.
const standInName = "stand-in"

// newPluginStandIn is a plugin as the core launches them, whose work is done by a program
// that connects to it as to a core: what checks the one checks the other.
func newPluginStandIn() *cobra.Command {
	return &cobra.Command{
		Use: standInName + " COMMAND [ARGUMENTS]", Hidden: true, Args: cobra.MinimumNArgs(1), DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return standIn(args) },
	}
}

// connectWithin leaves the launcher's patience some room.
const connectWithin = 7 * time.Second

func standIn(args []string) error {
	if os.Getenv(pluginv1.CookieKey) != pluginv1.CookieValue {
		return errors.New("this is launched by `pocketping plugin test --remote`")
	}
	runtime.LockOSThread() // the program ends with the thread that began it
	d := &desk{key: core.NewKey(core.KindBridgeKey), came: make(chan *remotev1.Caller, 1)}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.url = "http://" + lis.Addr().String()
	go func() { _ = http.Serve(lis, d) }() //nolint:gosec // one client, on this machine, for as long as a check takes
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(withoutCookie(os.Environ()), remotev1.URLEnv+"="+d.url, remotev1.KeyEnv+"="+d.key)
	written, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	endWithUs(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s cannot be executed: %w", args[0], cause(err))
	}
	end := func(code int) { _ = cmd.Process.Kill(); os.Exit(code) }
	go func() {
		passOn(written, os.Stderr)
		_ = cmd.Wait() // that it has ended is all that counts
		end(1)
	}()
	go watchLauncher(os.Getppid(), func() { end(3) })
	select {
	case link := <-d.came:
		context.AfterFunc(link.Ended(), func() { end(1) })
		serveStandIn(&relay{rpc: pluginv1.NewPluginClient(link), desk: d, end: end})
	case <-time.After(connectWithin):
		fmt.Fprintf(os.Stderr, "%s did not connect to %s within %s\n", args[0], remotev1.Path, connectWithin)
		end(1)
	}
	return nil
}

// withoutCookie is the environment of a program that nobody launches as a plugin.
func withoutCookie(env []string) (rest []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, pluginv1.CookieKey+"=") && !strings.HasPrefix(e, pluginv1.SocketDirEnv+"=") {
			rest = append(rest, e)
		}
	}
	return rest
}

// passOn logs what the program writes: it is for whoever runs it there, in whatever form.
func passOn(written io.Reader, to io.Writer) {
	log := hclog.New(&hclog.LoggerOptions{Name: "remote", Level: hclog.Debug, Output: to, JSONFormat: true})
	lines := bufio.NewReaderSize(written, 64<<10) // a longer line is told in pieces
	for {
		line, _, err := lines.ReadLine()
		if err != nil {
			return
		}
		log.Debug("it writes", "line", string(line))
	}
}

func watchLauncher(pid int, gone func()) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for os.Getppid() == pid {
		<-tick.C
	}
	gone()
}

// desk is what the program connects to.
type desk struct {
	url, key string
	came     chan *remotev1.Caller
	host     atomic.Pointer[httputil.ReverseProxy] // what the launcher serves; nil before Start
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch host := d.host.Load(); {
	case r.URL.Path == remotev1.Path:
		d.connect(w, r)
	case host == nil:
		http.Error(w, "nothing before Start", http.StatusUnauthorized)
	default:
		host.ServeHTTP(w, r)
	}
}

func (d *desk) connect(w http.ResponseWriter, r *http.Request) {
	if !core.SameSecret(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), d.key) {
		http.Error(w, "send Authorization: Bearer with "+remotev1.KeyEnv, http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: remotev1.Formats})
	if err != nil {
		return // Accept has answered
	}
	conn, format := wsconn.New(ws)
	select {
	case d.came <- remotev1.Call(conn, format):
	default:
		conn.Close(remotev1.CloseReplaced, "one connection is what is checked")
	}
}

// serve passes requests of the program on to the launcher's socket.
func (d *desk) serve(addr string) {
	network, address, _ := strings.Cut(addr, ":")
	to := &url.URL{Scheme: "http", Host: "host"}
	d.host.Store(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.URL.Path, p.Out.URL.RawPath = strings.TrimPrefix(p.In.URL.Path, remotev1.HTTPPath), ""
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}},
	})
}

// relay is the service of the stand-in.
type relay struct {
	pluginv1.UnimplementedPluginServer
	rpc  pluginv1.PluginClient
	desk *desk
	end  func(code int)
}

func serveStandIn(r *relay) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue},
		Plugins:         goplugin.PluginSet{pluginv1.Name: &relayPlugin{relay: r}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(2*pluginv1.MaxMessage))...)
		},
	})
}

type relayPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	relay *relay
}

func (p *relayPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterPluginServer(s, p.relay)
	return nil
}

func (*relayPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("the stand-in launches nothing")
}

func (r *relay) Describe(ctx context.Context, req *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return r.rpc.Describe(ctx, req)
}

func (r *relay) Start(ctx context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	r.desk.serve(req.GetHostAddr())
	req.HostAddr = r.desk.url + remotev1.HTTPPath
	return r.rpc.Start(ctx, req)
}

func (r *relay) Deliver(ctx context.Context, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	return r.rpc.Deliver(ctx, req)
}

func (r *relay) Projects(ctx context.Context, req *pluginv1.ProjectsRequest) (*pluginv1.ProjectsResponse, error) {
	return r.rpc.Projects(ctx, req)
}

func (r *relay) Check(ctx context.Context, req *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	return r.rpc.Check(ctx, req)
}

// Stop ends the stand-in, too: who is launched ends after it.
func (r *relay) Stop(ctx context.Context, req *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	defer time.AfterFunc(time.Second, func() { r.end(0) })
	return r.rpc.Stop(ctx, req)
}

func (r *relay) Inbound(stream grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]) error {
	up, err := r.rpc.Inbound(stream.Context())
	if err != nil {
		return err
	}
	go func() {
		for {
			ack, err := stream.Recv()
			if err != nil || up.Send(ack) != nil {
				return // the other direction ends with it
			}
		}
	}()
	for {
		item, err := up.Recv()
		if err != nil {
			return err
		}
		if err := stream.Send(item); err != nil {
			return err
		}
	}
}
