package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// The host's own times.
const (
	handshakeWithin = 8 * time.Second
	stopWithin      = 5 * time.Second
	endWithin       = 5 * time.Second
)

// passed on from the environment, as the host does; a plugin gets nothing else of it.
var passed = []string{
	"PATH", "HOME", "TMPDIR", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
}

// process is one launch of the plugin.
type process struct {
	cmd   *exec.Cmd
	dir   string // of its sockets
	line  string // its first on standard output
	took  time.Duration
	conn  *grpc.ClientConn
	rpc   pluginv1.PluginClient
	err   *tail
	ended chan struct{}
	once  sync.Once
}

// environ is a plugin's whole environment.
func (k *kit) environ(dir, versions string, cookie bool) []string {
	env := []string{
		pluginv1.HostPIDEnv + "=" + strconv.Itoa(os.Getpid()), pluginv1.SocketDirEnv + "=" + dir,
		"PLUGIN_MIN_PORT=0", "PLUGIN_MAX_PORT=0", "PLUGIN_PROTOCOL_VERSIONS=" + versions,
	}
	if cookie {
		env = append(env, pluginv1.CookieKey+"="+pluginv1.CookieValue)
	}
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, k.o.Env...)
}

// command is the plugin's, not begun, with its standard output and what it logs.
func (k *kit) command(env []string) (*exec.Cmd, *bufio.Reader, *tail, error) {
	cmd := exec.Command(k.o.Binary, k.o.Args...)
	cmd.Env = env
	return k.pipes(cmd)
}

func (k *kit) pipes(cmd *exec.Cmd) (*exec.Cmd, *bufio.Reader, *tail, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	t := newTail(k.o.Log)
	cmd.Stderr = t
	cmd.WaitDelay = time.Second // who inherited its pipes does not keep us
	return cmd, bufio.NewReaderSize(out, 64<<10), t, nil
}

// launch starts the program as the host does, up to the connection.
func (k *kit) launch(ctx context.Context) (*process, error) { return k.launchWith(ctx, "1") }

func (k *kit) launchWith(ctx context.Context, versions string) (*process, error) {
	dir, err := os.MkdirTemp(k.dir, "p")
	if err != nil {
		return nil, err
	}
	cmd, out, log, err := k.command(k.environ(dir, versions, true))
	if err != nil {
		return nil, err
	}
	k.watch(log)
	p := &process{cmd: cmd, dir: dir, err: log, ended: make(chan struct{})}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("it cannot be executed: %w", err)
	}
	k.started(p)
	first := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		line, _ := out.ReadString('\n')
		first <- strings.TrimSpace(line)
		_, _ = out.WriteTo(discard{})
	}()
	go func() {
		<-read // all of it, before the pipe is closed
		_ = cmd.Wait()
		close(p.ended)
	}()
	select {
	case p.line = <-first:
	case <-time.After(handshakeWithin):
		p.kill()
		return nil, fmt.Errorf("no handshake line on standard output within %s%s", handshakeWithin, p.err.words())
	case <-ctx.Done():
		p.kill()
		return nil, ctx.Err()
	}
	p.took = time.Since(began)
	if err := p.dial(); err != nil {
		p.kill()
		return nil, fmt.Errorf("%w%s", err, p.err.words())
	}
	return p, nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// address is where the handshake line says that the plugin listens.
func address(line string) (network, addr string, err error) {
	parts := strings.Split(line, "|")
	switch {
	case line == "":
		return "", "", errors.New("it ended without a handshake line on standard output")
	case len(parts) < 5:
		return "", "", fmt.Errorf("the first line on standard output is %.100q: it must be 1|1|unix|<path>|grpc", line)
	case parts[0] != "1":
		return "", "", fmt.Errorf("the handshake line begins with %q: go-plugin's own version is 1", parts[0])
	case parts[1] != strconv.Itoa(pluginv1.ProtocolVersion):
		return "", "", fmt.Errorf("it speaks version %q of the plugin protocol: the core speaks %d", parts[1], pluginv1.ProtocolVersion)
	case parts[2] != "unix" && parts[2] != "tcp":
		return "", "", fmt.Errorf("its network is %q: unix or tcp", parts[2])
	case parts[4] != "grpc":
		return "", "", fmt.Errorf("its protocol is %q: the core speaks grpc", parts[4])
	}
	return parts[2], parts[3], nil
}

func (p *process) dial() error {
	network, addr, err := address(p.line)
	if err != nil {
		return err
	}
	p.conn, err = grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(2*pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(64<<20)))
	if err != nil {
		return err
	}
	p.rpc = pluginv1.NewPluginClient(p.conn)
	return nil
}

// isEnded reports whether the process has ended.
func (p *process) isEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// endsWithin waits for the process's end.
func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// kill ends it at once, and waits until it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	p.endsWithin(endWithin)
	p.tidy()
}

// end stops it as the host does: it is asked to, told, and killed.
func (p *process) end() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if !p.isEnded() {
		_, _ = p.rpc.Stop(ctx, &pluginv1.StopRequest{})
		_ = p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}) // of go-plugin's plugins
		p.endsWithin(100 * time.Millisecond)
	}
	p.kill()
}

func (p *process) tidy() {
	p.once.Do(func() {
		if p.conn != nil {
			_ = p.conn.Close()
		}
		_ = os.RemoveAll(p.dir)
	})
}

// socket is a name in the launch's folder.
func (p *process) socket(name string) string { return filepath.Join(p.dir, name) }
