package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var handshakeChecks = []check{
	{"handshake/cookie", "Started by hand, without the cookie, it ends by itself, with a status that is not 0 and without a handshake line.", needs{}, withoutCookie},
	{"handshake/line", "The first line on standard output is 1|1|unix|<path>|grpc, within 8 s.", needs{}, handshakeLine},
	{"handshake/socket", "Its socket lies in the folder that PLUGIN_UNIX_SOCKET_DIR names, or on a port of the loopback.", needs{}, handshakeSocket},
	{"handshake/go-plugin", "The client that the core launches plugins with accepts it.", needs{}, goPlugin},
	{"handshake/health", "It answers gRPC's health check of the service “plugin” with SERVING: the core asks each second.", needs{}, health},
	{"handshake/newer-core", "A core that offers a further version of the protocol, too, is answered in version 1.", needs{}, newerCore},
	{"handshake/side-by-side", "Two of it run at the same time: the core checks one beside another that delivers.", needs{}, sideBySide},
}

func withoutCookie(_ context.Context, k *kit) (string, error) {
	dir, err := os.MkdirTemp(k.dir, "p")
	if err != nil {
		return "", err
	}
	cmd, out, log, err := k.command(k.environ(dir, "1", false))
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan string, 1)
	go func() {
		line, _ := out.ReadString('\n')
		_, _ = out.WriteTo(discard{})
		_ = cmd.Wait()
		ended <- line
	}()
	select {
	case line := <-ended:
		lines, _ := log.all()
		switch {
		case strings.HasPrefix(line, "1|"):
			return "", fmt.Errorf("it serves without the cookie: %q", strings.TrimSpace(line))
		case cmd.ProcessState.ExitCode() == 0:
			return "", errors.New("it ends with status 0: who starts it by hand takes that for success")
		case len(lines) == 0 && strings.TrimSpace(line) == "":
			return "", errors.New("it says nothing: who starts it by hand does not learn that PocketPing launches plugins")
		}
		return fmt.Sprintf("it ends with status %d", cmd.ProcessState.ExitCode()), nil
	case <-time.After(patience):
		_ = cmd.Process.Kill() // it may have ended
		return "", errors.New("it runs on without the cookie")
	}
}

func handshakeLine(_ context.Context, k *kit) (string, error) {
	if k.probe == nil {
		return "", k.why
	}
	return fmt.Sprintf("after %d ms", k.probe.took.Milliseconds()), nil
}

func handshakeSocket(_ context.Context, k *kit) (string, error) {
	if k.probe == nil {
		return "", k.why
	}
	network, addr, err := address(k.probe.line)
	if err != nil {
		return "", err
	}
	return inPlace(k.probe, network, addr)
}

// inPlace says whether an address is one that nobody but the host reaches.
func inPlace(p *process, network, addr string) (string, error) {
	if network == "unix" {
		if filepath.Dir(filepath.Clean(addr)) != filepath.Clean(p.dir) {
			return "", fmt.Errorf("%s is not in the launch's folder, where nobody else may look", addr)
		}
		return "in the launch's folder", nil
	}
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("it listens at %s, where others reach it: the loopback is for this", addr)
	}
	return "on the loopback", nil
}

// dispensed gets at the connection, as the host does.
type dispensed struct {
	goplugin.NetRPCUnsupportedPlugin
	conn *grpc.ClientConn
}

func (*dispensed) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the kit is no plugin")
}

func (d *dispensed) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	d.conn = conn
	return d, nil
}

func goPlugin(ctx context.Context, k *kit) (string, error) {
	dir, err := os.MkdirTemp(k.dir, "p")
	if err != nil {
		return "", err
	}
	cmd, _, _, err := k.command(nil)
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = nil, nil // go-plugin's own
	for _, e := range k.environ(dir, "1", false) {
		if !strings.HasPrefix(e, "PLUGIN_MIN") && !strings.HasPrefix(e, "PLUGIN_MAX") && !strings.HasPrefix(e, "PLUGIN_PROTOCOL") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	wire := &dispensed{}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins: goplugin.PluginSet{pluginv1.Name: wire}, Cmd: cmd, SkipHostEnv: true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, StartTimeout: handshakeWithin, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return "", err
	}
	if _, err := protocol.Dispense(pluginv1.Name); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeWithin)
	defer cancel()
	if _, err := pluginv1.NewPluginClient(wire.conn).Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
		return "", err
	}
	return "accepted", nil
}

func health(ctx context.Context, k *kit) (string, error) {
	if k.probe == nil {
		return "", k.why
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(k.probe.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if err != nil {
		return "", fmt.Errorf("a plugin that does not answer is killed after four times: %w", err)
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return "", fmt.Errorf("it answers %s", answer.GetStatus())
	}
	return "SERVING", nil
}

func newerCore(ctx context.Context, k *kit) (string, error) {
	p, err := k.launchWith(ctx, "1,2")
	if err != nil {
		return "", err
	}
	defer p.end()
	if _, err := p.rpc.Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
		return "", err
	}
	return "version 1", nil
}

func sideBySide(ctx context.Context, k *kit) (string, error) {
	if k.probe == nil {
		return "", k.why
	}
	p, err := k.launch(ctx)
	if err != nil {
		return "", err
	}
	defer p.end()
	for _, p := range []*process{k.probe, p} {
		if _, err := p.rpc.Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
			return "", err
		}
	}
	return "both answer", nil
}
