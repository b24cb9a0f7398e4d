package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const deliverRounds = 5000

// measureDeliver times one Deliver call of one message: through the SDK to a
// bridge that does nothing, and to a bare go-plugin service that answers at once.
// The two take turns, call by call.
func measureDeliver(ctx context.Context, _ lab) ([]Figure, error) {
	sdk, endSDK, err := launch("sdk")
	if err != nil {
		return nil, err
	}
	defer endSDK()
	echo, endEcho, err := launch("echo")
	if err != nil {
		return nil, err
	}
	defer endEcho()
	if _, err := sdk.Start(ctx, &pluginv1.StartRequest{ConfigJson: []byte("{}"), BridgeId: "bench", Generation: 1}); err != nil {
		return nil, err
	}
	if _, err := sdk.Inbound(ctx); err != nil {
		return nil, err
	}
	ours, floor, err := race(deliverRounds, func() error { return deliver(ctx, sdk) }, func() error { return deliver(ctx, echo) })
	if err != nil {
		return nil, err
	}
	return []Figure{figure("Deliver round trip, median", "µs", micros(ours), micros(floor), "≤ 1.3",
		fmt.Sprintf("%d calls each, in turns; floor: a go-plugin service that answers the same message at once", deliverRounds))}, nil
}

func deliver(ctx context.Context, c pluginv1.PluginClient) error {
	_, err := c.Deliver(ctx, &pluginv1.DeliverRequest{
		Session: &pluginv1.Session{Id: "sess_1", ProjectId: "proj_1", Status: "active", Visitor: &pluginv1.Visitor{Id: "vis_1", Name: "Anna"}},
		Thread:  "42", Generation: 1,
		Events: []*pluginv1.Event{{Type: "message.posted", Seq: 7, Message: &pluginv1.Message{Id: "msg_1", Seq: 7, Sender: "visitor", Text: "Do you ship to Norway?", Name: "Anna"}}},
	})
	return err
}

// race runs two things in turns and answers with the medians of both.
func race(rounds int, a, b func() error) (time.Duration, time.Duration, error) {
	var as, bs []time.Duration
	for i := range rounds + rounds/10 {
		for _, side := range []struct {
			run   func() error
			times *[]time.Duration
		}{{a, &as}, {b, &bs}} {
			start := time.Now()
			if err := side.run(); err != nil {
				return 0, 0, err
			}
			if i >= rounds/10 { // the first tenth warms up
				*side.times = append(*side.times, time.Since(start))
			}
		}
	}
	return quantile(as, 0.5), quantile(bs, 0.5), nil
}

func quantile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[min(int(float64(len(times))*q), len(times)-1)]
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

var handshake = goplugin.HandshakeConfig{
	ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
}

// launch runs this binary in a role, as a plugin.
func launch(role string) (pluginv1.PluginClient, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, fmt.Sprintf("%s=%d", pluginv1.HostPIDEnv, os.Getpid()))
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: handshake, Cmd: cmd, Plugins: goplugin.PluginSet{pluginv1.Name: &wire{}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	raw, err := protocol.Dispense(pluginv1.Name)
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	return raw.(pluginv1.PluginClient), client.Kill, nil
}

// wire is go-plugin's side of the protocol; echo is set in the plugin's process.
type wire struct {
	goplugin.NetRPCUnsupportedPlugin
	echo pluginv1.PluginServer
}

func (w *wire) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterPluginServer(s, w.echo)
	return nil
}

func (w *wire) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginv1.NewPluginClient(conn), nil
}

type bareEcho struct {
	pluginv1.UnimplementedPluginServer
}

func (bareEcho) Deliver(_ context.Context, r *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	e := r.GetEvents()[0]
	return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{
		Seq: e.GetSeq(), Thread: r.GetSession().GetId(),
		Links: []*pluginv1.Link{{Thread: r.GetSession().GetId(), ExternalId: e.GetMessage().GetId(), MessageId: e.GetMessage().GetId()}}, Calls: 1,
	}}}, nil
}

func serveBareEcho() {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: goplugin.PluginSet{pluginv1.Name: &wire{echo: bareEcho{}}},
		GRPCServer: goplugin.DefaultGRPCServer, Logger: hclog.NewNullLogger(),
	})
}
