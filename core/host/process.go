package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	goplugincmd "github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const (
	handshakeTimeout = 8 * time.Second
	describeTimeout  = 10 * time.Second
	killTimeout      = time.Second
	// A plugin that asks for little answers at once: so much is a runaway's.
	maxReceive = 2 * pluginv1.MaxMessage
)

// peer is a plugin that speaks the protocol: what a launch works with, wherever the
// plugin runs.
type peer struct {
	rpc    pluginv1.PluginClient
	health grpc_health_v1.HealthClient
	desc   *pluginv1.DescribeResponse

	ended  context.Context // ends when the plugin does, or when it is given up
	giveUp context.CancelCauseFunc

	under callsUnder    // way
	dir   string        // of the launch's sockets; the end removes it
	kill  func()        // ends it, and returns when that is done; it may be called again
	how   func() string // it ended, when that tells more than that it did; empty: it does not

	refuse func(code int, why string) // says what a remote plugin is told when it is ended; nil: it is launched here
}

// process is one launch of a plugin's binary: a peer on this machine.
type process struct {
	peer
	client *goplugin.Client
	cmd    *exec.Cmd
	child  *child
	killed sync.Once
}

// start launches the binary and asks what it is. The error is one line that says
// what to do.
func (h *Host) start(spec *Spec, log *pluginLog) (*peer, error) {
	p, err := h.launch(spec, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(p.ended, describeTimeout)
	defer cancel()
	p.desc, err = p.rpc.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("the plugin does not say what it is (Describe: %w): is it built for this version of PocketPing?", log.said(err))
	}
	return &p.peer, nil
}

// launch starts the process and connects to it.
func (h *Host) launch(spec *Spec, log *pluginLog) (*process, error) {
	if spec.broken != nil {
		return nil, spec.broken
	}
	if err := checkBinary(spec.Path); err != nil {
		return nil, err
	}
	if err := spec.Limits.Check(); err != nil {
		return nil, err
	}
	if err := checkPinned(spec); err != nil {
		return nil, err
	}
	if spec.Verify != nil {
		path, err := filepath.EvalSymlinks(spec.Path)
		if err == nil {
			_, err = spec.Verify(path)
		}
		if err != nil {
			return nil, err
		}
	}
	dir, err := socketDir(h.o.Dir)
	if err == nil {
		err = handTo(spec.Limits.User, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("no folder for the plugin's sockets: %w", err)
	}
	p := &process{cmd: exec.Command(spec.Path, spec.Args...)}
	p.dir, p.kill = dir, p.end
	p.cmd.Env = spec.environ(dir)
	p.child = newChild(p.cmd, spec.Limits, log.tooMuch)
	p.how = p.child.how
	wire, printed := &wireClient{}, newBucket(log.tooMuch)
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  pluginv1.ProtocolVersion,
			MagicCookieKey:   pluginv1.CookieKey,
			MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:          goplugin.PluginSet{pluginv1.Name: wire},
		RunnerFunc:       p.runner,
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: dir},
		SkipHostEnv:      true,
		AutoMTLS:         spec.MTLS,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     handshakeTimeout,
		Logger:           log.logger(),
		SyncStdout:       printed,
		SyncStderr:       printed,
		GRPCDialOptions:  []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceive)), grpc.WithUnaryInterceptor(p.under.intercept)},
	})
	log.wroteLast() // it was another launch's
	if err := p.connect(wire); err != nil {
		p.kill()
		return nil, explain(spec, log.said(err), log.wroteLast())
	}
	if limit := spec.Limits.Memory; limit > 0 {
		go p.watchMemory(p.ended, limit)
	}
	return p, nil
}

// runner gives go-plugin the process. What go-plugin has put into the environment of
// its own command is the plugin's too, but for the folder of the sockets.
func (p *process) runner(_ hclog.Logger, own *exec.Cmd, _ string) (goplugincmd.Runner, error) {
	for _, e := range own.Env {
		if !strings.HasPrefix(e, pluginv1.SocketDirEnv+"=") {
			p.cmd.Env = append(p.cmd.Env, e)
		}
	}
	return p.child, nil
}

func (p *process) connect(wire *wireClient) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	if _, err := protocol.Dispense(pluginv1.Name); err != nil {
		return err
	}
	if p.client.Exited() { // go-plugin does not say so by itself
		return errors.New("plugin exited before we could connect")
	}
	p.ended, p.giveUp = context.WithCancelCause(wire.done)
	p.rpc = pluginv1.NewPluginClient(wire.conn)
	p.health = grpc_health_v1.NewHealthClient(wire.conn)
	return nil
}

// wireClient gets at the connection and at the context that ends with the process.
type wireClient struct {
	goplugin.NetRPCUnsupportedPlugin
	done context.Context
	conn *grpc.ClientConn
}

func (*wireClient) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host is no plugin")
}

func (w *wireClient) GRPCClient(done context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	w.done, w.conn = done, conn
	return w, nil
}

var errEnded = errors.New("the plugin was ended")

// drain asks the plugin to finish what is under way. It is ended in any case.
func (p *peer) drain(within time.Duration) {
	ctx, cancel := context.WithTimeout(p.ended, within)
	defer cancel()
	_, _ = p.rpc.Stop(ctx, &pluginv1.StopRequest{})
}

// end ends the process, those that it has started, and waits until it has ended.
// go-plugin's own Kill can hang, so the system's follows.
func (p *process) end() {
	p.killed.Do(func() {
		if p.giveUp != nil {
			p.giveUp(errEnded)
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			p.client.Kill()
		}()
		if !within(gone, killTimeout) {
			_ = p.child.Kill(context.Background())
			within(gone, time.Second)
		}
		_ = os.RemoveAll(p.dir)
	})
}

func within(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// checkBinary says what is wrong with the file before it is run.
func checkBinary(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no plugin at %s: build it (make build), or set plugins { dir } or command", path)
	case err != nil:
		return fmt.Errorf("the plugin %s cannot be read: %w", path, err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder, not a plugin", path)
	}
	return nil
}

// checkPinned compares the binary with what is pinned, right before it is run.
func checkPinned(spec *Spec) error {
	if spec.SHA256 == "" {
		return nil
	}
	if sum, err := hex.DecodeString(spec.SHA256); err != nil || len(sum) != sha256.Size {
		return errors.New("sha256 must be 64 digits of hex, as sha256sum prints them")
	}
	if have := checksum(spec.Path); !strings.EqualFold(have, spec.SHA256) {
		return fmt.Errorf("%s is not the file that sha256 pins (it is %s): put the pinned file back, or pin the new one if you trust it", spec.Path, have)
	}
	return nil
}

// explain turns what go-plugin, the system, and the program where it wrote anything, say
// into what to do.
func explain(spec *Spec, err error, wrote string) error {
	text := err.Error()
	var words *lastWordsError
	switch {
	case errors.As(err, &words):
		return fmt.Errorf("%s ended at once: %s", spec.Path, words.said)
	case errors.Is(err, fs.ErrPermission) && spec.Limits.User != "":
		return fmt.Errorf("%s may not be executed by the user %s: chmod +x it, and let that user into its folder", spec.Path, spec.Limits.User)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be executed: chmod +x it", spec.Path)
	case strings.Contains(text, "exec format error"):
		return fmt.Errorf("%s is no program for this system: build it for this one", spec.Path)
	case strings.Contains(text, "incompatible API version"), strings.Contains(text, "incompatible core API"):
		return fmt.Errorf("%s speaks another version of the plugin protocol than %d: use a plugin and a PocketPing that belong together", spec.Path, pluginv1.ProtocolVersion)
	case strings.Contains(text, "Unrecognized remote plugin message"), strings.Contains(text, "unsupported plugin protocol"),
		strings.Contains(text, "error parsing"), strings.Contains(text, "plugin exited before"):
		if wrote != "" {
			return fmt.Errorf("%s is no PocketPing plugin, or ended at once, and wrote: %s", spec.Path, wrote)
		}
		return fmt.Errorf("%s is no PocketPing plugin, or ended at once: its main must call plugin.Serve", spec.Path)
	case strings.Contains(text, "timeout while waiting"):
		return fmt.Errorf("%s did not start within %s: try again if this machine is busy, otherwise it is no PocketPing plugin", spec.Path, handshakeTimeout)
	}
	first, _, _ := strings.Cut(text, "\n")
	return fmt.Errorf("%s could not be launched: %s", spec.Path, first)
}

func checksum(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unreadable"
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "unreadable"
	}
	return hex.EncodeToString(sum.Sum(nil))
}

const dirPrefix = "pocketping-"

// longestDir leaves room for a socket's name within the 104 bytes of the systems'
// socket paths.
const longestDir = 50

// socketBase is where launches have their folders.
func socketBase(dir string) string {
	for _, d := range []string{dir, os.TempDir()} {
		if d != "" && len(d) <= longestDir {
			return d
		}
	}
	return "/tmp"
}

// socketDir makes a folder of mode 0700 for one launch's sockets. Its name has the
// host's process id.
func socketDir(dir string) (string, error) {
	base := socketBase(dir)
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(base, dirPrefix+strconv.Itoa(os.Getpid())+"-")
}

// sweep removes the folders of hosts that were killed, and ends what their plugins have
// started and left behind.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(socketBase(dir), dirPrefix+"*")) // the pattern is good
	for _, d := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(d), dirPrefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && !alive(n) {
			endLeftBehind(d)
			_ = os.RemoveAll(d)
		}
	}
}
