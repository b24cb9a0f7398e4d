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

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const (
	handshakeTimeout = 8 * time.Second
	describeTimeout  = 10 * time.Second
	killTimeout      = 3 * time.Second
	// A plugin that asks for little answers at once: so much is a runaway's.
	maxReceive = 2 * pluginv1.MaxMessage
)

// process is one launch of a plugin's binary.
type process struct {
	client *goplugin.Client
	cmd    *exec.Cmd
	dir    string // of its sockets
	rpc    pluginv1.PluginClient
	health grpc_health_v1.HealthClient
	desc   *pluginv1.DescribeResponse

	ended  context.Context // ends when the process does, or when it is given up
	giveUp context.CancelCauseFunc
	killed sync.Once
}

// start launches the binary and asks what it is. The error is one line that says
// what to do.
func (h *Host) start(spec *Spec, log *pluginLog) (*process, error) {
	if err := checkBinary(spec.Path); err != nil {
		return nil, err
	}
	secure, err := pinned(spec)
	if err != nil {
		return nil, err
	}
	dir, err := socketDir(h.o.Dir)
	if err != nil {
		return nil, fmt.Errorf("no folder for the plugin's sockets: %w", err)
	}
	p := &process{cmd: exec.Command(spec.Path, spec.Args...), dir: dir}
	p.cmd.Env = spec.environ(dir)
	wire := &wireClient{}
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  pluginv1.ProtocolVersion,
			MagicCookieKey:   pluginv1.CookieKey,
			MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:          goplugin.PluginSet{pluginv1.Name: wire},
		Cmd:              p.cmd,
		SkipHostEnv:      true,
		SecureConfig:     secure,
		AutoMTLS:         spec.MTLS,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     handshakeTimeout,
		Logger:           log.logger(),
		GRPCDialOptions:  []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceive))},
	})
	if err := p.connect(wire); err != nil {
		p.kill()
		return nil, explain(spec, err)
	}
	ctx, cancel := context.WithTimeout(p.ended, describeTimeout)
	defer cancel()
	p.desc, err = p.rpc.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("the plugin does not say what it is (Describe: %w): is it built for this version of PocketPing?", err)
	}
	return p, nil
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
func (p *process) drain(within time.Duration) {
	ctx, cancel := context.WithTimeout(p.ended, within)
	defer cancel()
	_, _ = p.rpc.Stop(ctx, &pluginv1.StopRequest{})
}

// kill ends the process and waits until it has ended; go-plugin's own Kill can
// hang, so the system's follows.
func (p *process) kill() {
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
			if p.cmd.Process != nil {
				_ = p.cmd.Process.Kill() // it may be gone by now
			}
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

// pinned is go-plugin's check of the binary right before it is run; each launch
// needs a new one.
func pinned(spec *Spec) (*goplugin.SecureConfig, error) {
	if spec.SHA256 == "" {
		return nil, nil
	}
	sum, err := hex.DecodeString(spec.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return nil, errors.New("sha256 must be 64 digits of hex, as sha256sum prints them")
	}
	return &goplugin.SecureConfig{Checksum: sum, Hash: sha256.New()}, nil
}

// explain turns what go-plugin and the system say into what to do.
func explain(spec *Spec, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, goplugin.ErrChecksumsDoNotMatch):
		return fmt.Errorf("%s is not the file that sha256 pins (it is %s): put the pinned file back, or pin the new one if you trust it", spec.Path, checksum(spec.Path))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be executed: chmod +x it", spec.Path)
	case strings.Contains(text, "exec format error"):
		return fmt.Errorf("%s is no program for this system: build it for this one", spec.Path)
	case strings.Contains(text, "incompatible API version"), strings.Contains(text, "incompatible core API"):
		return fmt.Errorf("%s speaks another version of the plugin protocol than %d: use a plugin and a PocketPing that belong together", spec.Path, pluginv1.ProtocolVersion)
	case strings.Contains(text, "Unrecognized remote plugin message"), strings.Contains(text, "unsupported plugin protocol"),
		strings.Contains(text, "error parsing"), strings.Contains(text, "plugin exited before"):
		return fmt.Errorf("%s is no PocketPing plugin, or ended at once: its main must call plugin.Serve", spec.Path)
	case strings.Contains(text, "timeout while waiting"):
		return fmt.Errorf("%s did not start within %s: is it a PocketPing plugin?", spec.Path, handshakeTimeout)
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

// sweep removes the folders of hosts that were killed.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(socketBase(dir), dirPrefix+"*")) // the pattern is good
	for _, d := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(d), dirPrefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && !alive(n) {
			_ = os.RemoveAll(d)
		}
	}
}
