package plugin

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Serve is what a plugin's main calls. It returns when the host is done with the
// plugin; the process ends by itself when the host is gone.
func Serve[C any](spec Spec[C]) {
	fields, err := fieldsOf(reflect.TypeFor[C]())
	if err == nil && (spec.Name == "" || spec.New == nil) {
		err = fmt.Errorf("the Spec needs a Name and New")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "plugin %s: %v\n", spec.Name, err)
		os.Exit(2)
	}
	log := hclog.New(&hclog.LoggerOptions{Name: spec.Name, Level: hclog.Debug, Output: os.Stderr, JSONFormat: true})
	s := newServer(describe(spec, fields), log)
	s.make = maker(spec, fields)
	s.exit = os.Exit
	if os.Getenv(pluginv1.CookieKey) == pluginv1.CookieValue {
		go watchHost(func() { os.Exit(3) })
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  pluginv1.ProtocolVersion,
			MagicCookieKey:   pluginv1.CookieKey,
			MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins: goplugin.PluginSet{pluginv1.Name: &wirePlugin{server: s}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(2*pluginv1.MaxMessage))...)
		},
		Logger: log,
	})
}

// maker reads the config before the bridge is made.
func maker[C any](spec Spec[C], fields []field) func(context.Context, []byte, Host) (Bridge, error) {
	return func(ctx context.Context, data []byte, host Host) (Bridge, error) {
		var config C
		if err := decodeConfig(&config, fields, data); err != nil {
			return nil, err
		}
		return spec.New(ctx, config, host)
	}
}

// wirePlugin registers the service with go-plugin.
type wirePlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

func (p *wirePlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterPluginServer(s, p.server)
	return nil
}

func (p *wirePlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginv1.NewPluginClient(conn), nil
}

func describe[C any](spec Spec[C], fields []field) *pluginv1.DescribeResponse {
	kind := pluginv1.Kind_KIND_BRIDGE
	if spec.Kind == KindHook {
		kind = pluginv1.Kind_KIND_HOOK
	}
	return &pluginv1.DescribeResponse{
		Name: spec.Name, Version: spec.Version, Kind: kind, AsVisitor: spec.AsVisitor, Folds: spec.Folds, Joins: spec.Joins,
		Fields: mapAll(fields, func(f field) *pluginv1.Field { return f.wire }),
		Events: wanted(spec.Events),
		Limits: mapAll(spec.Limits, func(l Limit) *pluginv1.Limit {
			return &pluginv1.Limit{Scope: l.Scope, Calls: int32(l.Calls), Per: durationpb.New(l.Per), Events: l.Events}
		}),
		Parallel: int32(spec.Parallel), PublicPaths: spec.PublicPaths, Cannot: spec.Cannot,
	}
}

var storedEvents = []string{
	SessionOpened, SessionClosed, SessionReopened, SessionRated, SessionClaimed, SessionReleased,
	MessagePosted, MessageEdited, MessageDeleted, MessageFailed,
	VisitorIdentified, VisitorTracked, NotePosted, NoteEdited, NoteDeleted, Notice,
}

// wanted adds all stored events when none is named.
func wanted(events []string) []string {
	for _, e := range events {
		if e != EventTyping && e != EventReceipt && e != ThreadErased {
			return events
		}
	}
	if len(events) == 0 {
		return nil
	}
	return append(append([]string{}, storedEvents...), events...)
}
