// Package zoo are plugins that do what no plugin should. A program plays one of them
// when it is launched as a plugin with the animal's name in its environment.
package zoo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Env names the animal that a program is to play.
const Env = "POCKETPING_ZOO"

// FileEnv names the file into which an animal writes the id of a process that it has
// started.
const FileEnv = "POCKETPING_ZOO_FILE"

// AfterEnv names a file: as long as it is not there the animal behaves, and when it
// comes, it ends, and is launched again.
const AfterEnv = "POCKETPING_ZOO_AFTER"

// Began is what is added to the name of that file for the one that an animal leaves when
// it is launched to do what it should not for the first time.
const Began = ".began"

// The animals, each by what it does.
const (
	PanicsInStart    = "panics-in-start"
	PanicsInDeliver  = "panics-in-deliver"
	PanicsByItself   = "panics-by-itself"
	HangsInDescribe  = "hangs-in-describe"
	HangsInStart     = "hangs-in-start"
	HangsInDeliver   = "hangs-in-deliver"
	HangsInInbound   = "hangs-in-inbound"
	HangsWhole       = "hangs-whole"
	IgnoresStop      = "ignores-stop"
	Leaks            = "leaks"
	FloodsStderr     = "floods-stderr"
	FloodsLog        = "floods-log"
	FloodsInbound    = "floods-inbound"
	FloodsStdout     = "floods-stdout"
	FloodsPrinting   = "floods-printing"
	GarbageHandshake = "garbage-handshake"
	GarbageAnswers   = "garbage-answers"
	HugeDescribe     = "huge-describe"
	HugeReceipt      = "huge-receipt"
	HugeInbound      = "huge-inbound"
	SlowStart        = "slow-start"
	OtherProtocol    = "other-protocol"
	OtherMagic       = "other-magic"
	ExitsAtOnce      = "exits-at-once"
	LeavesAChild     = "leaves-a-child"
	ClosesItsSocket  = "closes-its-socket"
	LiesAboutKind    = "lies-about-kind"
	HookThatReports  = "hook-that-reports"
)

// All are the animals' names.
var All = []string{
	PanicsInStart, PanicsInDeliver, PanicsByItself, HangsInDescribe, HangsInStart, HangsInDeliver, HangsInInbound, HangsWhole, IgnoresStop,
	Leaks, FloodsStderr, FloodsLog, FloodsInbound, FloodsStdout, FloodsPrinting, GarbageHandshake, GarbageAnswers, HugeDescribe, HugeReceipt, HugeInbound,
	SlowStart, OtherProtocol, OtherMagic, ExitsAtOnce, LeavesAChild, ClosesItsSocket, LiesAboutKind, HookThatReports,
}

// Says is what the status of each tells, sooner or later; empty: there is nothing to tell.
var Says = map[string]string{
	PanicsInStart:    "panic: in Start",
	PanicsInDeliver:  "panic: in Deliver",
	PanicsByItself:   "panic: by itself",
	HangsInDescribe:  "does not answer Describe or Start",
	HangsInStart:     "does not answer Describe or Start",
	HangsInDeliver:   "has not answered Deliver for",
	HangsInInbound:   "",                // how soon depends on how fast it is
	HangsWhole:       "does not answer", // anything, or Start
	IgnoresStop:      "",                // to end, which nobody has
	Leaks:            "its block allows 150 MB",
	FloodsStderr:     "the plugin writes too much",
	FloodsLog:        "the plugin writes too much",
	FloodsInbound:    "", // how soon depends on how fast it is
	FloodsStdout:     "", // how soon depends on how fast it is
	FloodsPrinting:   "", // how soon depends on how fast it is
	GarbageHandshake: "is no PocketPing plugin",
	GarbageAnswers:   "without a receipt",
	HugeDescribe:     "does not say what it is",
	HugeReceipt:      "larger than max",
	HugeInbound:      "at once",
	SlowStart:        "the plugin has not started for",
	OtherProtocol:    "another version of the plugin protocol",
	OtherMagic:       "is no PocketPing plugin",
	ExitsAtOnce:      "ended at once",
	LeavesAChild:     "",
	ClosesItsSocket:  "the plugin's process ended",
	LiesAboutKind:    "the plugin is a hook: write hook",
	HookThatReports:  "refused: a hook may not report",
}

const huge = 10 << 20

// Play is the whole life of an animal.
func Play(name string) {
	hook := name == HookThatReports
	switch file := os.Getenv(AfterEnv); {
	case file == "":
	case !exists(file):
		name = "behaves"
		go endWhen(file)
	case !exists(file + Began):
		_ = os.WriteFile(file+Began, nil, 0o600) // who waits for it says so
	}
	a := &animal{name: name, hook: hook || name == LiesAboutKind, ready: make(chan struct{})}
	cookie, protocol := pluginv1.CookieValue, uint(pluginv1.ProtocolVersion)
	switch name {
	case ExitsAtOnce:
		os.Exit(7)
	case OtherProtocol:
		protocol = 99
	case OtherMagic:
		cookie = "of-another-program"
	case GarbageHandshake:
		_, _ = os.Stdout.Write(bytes.Repeat([]byte{0xff, 0, '|', 'x'}, 64<<10))
		select {}
	case SlowStart:
		time.Sleep(6 * time.Second)
	case LeavesAChild:
		a.leaveChild()
	}
	if name != HangsWhole { // it does not look after its host either
		go endWithHost()
	}
	stdout := os.Stdout // go-plugin takes its place, and that of the other
	a.stderr = os.Stderr
	if name == FloodsStdout {
		go func() {
			<-a.ready
			flood(stdout, "not what a host expects here\n")
		}()
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: protocol, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: cookie},
		Plugins:         goplugin.PluginSet{pluginv1.Name: &wire{animal: a}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			a.server = grpc.NewServer(append(opts, grpc.MaxSendMsgSize(4*huge))...)
			return a.server
		},
	})
	if name == IgnoresStop {
		select {}
	}
}

func endWhen(file string) {
	for !exists(file) {
		time.Sleep(20 * time.Millisecond)
	}
	os.Exit(1)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// endWithHost is what every plugin does, these too: a test that is killed leaves none.
func endWithHost() {
	host, _ := strconv.Atoi(os.Getenv(pluginv1.HostPIDEnv))
	for os.Getppid() == host {
		time.Sleep(500 * time.Millisecond)
	}
	os.Exit(3)
}

type wire struct {
	goplugin.NetRPCUnsupportedPlugin
	animal *animal
}

func (w *wire) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterPluginServer(s, w.animal)
	return nil
}

func (*wire) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// animal is a plugin that serves the protocol, and does one thing wrong.
type animal struct {
	pluginv1.UnimplementedPluginServer
	name   string
	hook   bool
	server *grpc.Server
	stderr *os.File
	ready  chan struct{} // closed by Start
	hoard  [][]byte
}

func (a *animal) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	d := &pluginv1.DescribeResponse{Name: a.name, Version: "1.0", Kind: pluginv1.Kind_KIND_BRIDGE, Events: []string{"message.posted"}}
	switch a.name {
	case HangsInDescribe:
		select {}
	case HugeDescribe:
		d.Version = strings.Repeat("9", huge)
	}
	if a.hook {
		d.Kind = pluginv1.Kind_KIND_HOOK
	}
	return d, nil
}

func (a *animal) Start(context.Context, *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	switch a.name {
	case PanicsInStart:
		panic("in Start")
	case HangsInStart:
		select {}
	}
	close(a.ready)
	return &pluginv1.StartResponse{}, nil
}

func (a *animal) Deliver(_ context.Context, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	last := req.Events[len(req.Events)-1].GetSeq()
	switch a.name {
	case PanicsInDeliver:
		panic("in Deliver")
	case HangsInDeliver:
		select {}
	case GarbageAnswers:
		return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{
			{Seq: -7, Calls: -1 << 30, Thread: "\x00", Links: []*pluginv1.Link{{}, {Part: -1, MessageId: "msg_of_another", ExternalId: strings.Repeat("e", 1<<20)}}},
			{Seq: 1 << 62, Calls: 1 << 30, Why: "\x1b[31m"},
		}}, nil
	case HugeReceipt:
		return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{Seq: last, Calls: 1, Why: strings.Repeat("x", huge)}}}, nil
	}
	return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{{Seq: last, Thread: "T-" + req.GetSession().GetId(), Calls: 1}}}, nil
}

func (a *animal) Check(context.Context, *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	return &pluginv1.CheckResponse{Findings: []*pluginv1.Finding{{Ok: true, Name: "teeth", Text: "all there"}}}, nil
}

func (a *animal) Stop(context.Context, *pluginv1.StopRequest) (*pluginv1.StopResponse, error) {
	if a.name == IgnoresStop || a.name == HangsWhole {
		select {}
	}
	go func() {
		time.Sleep(50 * time.Millisecond) // the answer leaves
		os.Exit(0)
	}()
	return &pluginv1.StopResponse{}, nil
}

func (a *animal) Inbound(stream grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]) error {
	switch a.name {
	case PanicsByItself:
		go panic("by itself")
	case HangsInInbound:
		for i := 0; ; i++ { // what the host answers is never read
			if err := stream.Send(report(fmt.Sprint(i))); err != nil {
				return err
			}
		}
	case HangsWhole:
		return status.FromContextError(syscall.Kill(os.Getpid(), syscall.SIGSTOP)).Err()
	case Leaks:
		go a.leak()
	case FloodsStderr:
		go flood(a.stderr, "so much to say and nobody who wants to read it\n")
	case FloodsLog:
		go flood(a.stderr, `{"@level":"warn","@message":"so much to say","@timestamp":"2026-01-01T00:00:00.000000Z","why":"no reason"}`+"\n")
	case FloodsPrinting:
		go flood(os.Stdout, "over go-plugin's own stream\n")
	case FloodsInbound:
		return floodInbound(stream)
	case HugeInbound:
		if err := stream.Send(report(strings.Repeat("x", huge))); err != nil {
			return err
		}
	case HookThatReports:
		if err := stream.Send(report("a hook's own words")); err != nil {
			return err
		}
		if ack, err := stream.Recv(); err != nil || ack.GetFailure() == nil {
			panic("a hook may report")
		}
		panic("refused: " + "a hook may not report")
	case ClosesItsSocket:
		go a.server.Stop()
	}
	<-stream.Context().Done()
	return status.FromContextError(stream.Context().Err()).Err()
}

func report(text string) *pluginv1.InboundResponse {
	return &pluginv1.InboundResponse{Item: &pluginv1.InboundResponse_Inbound{Inbound: &pluginv1.Inbound{
		EffectKey: fmt.Sprintf("%d-%d", os.Getpid(), time.Now().UnixNano()), Kind: pluginv1.InboundKind_INBOUND_KIND_RAW, Thread: "none", Text: text, Raw: []byte(`{}`),
	}}}
}

// floodInbound reports as fast as the host takes it.
func floodInbound(stream grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]) error {
	go func() {
		for {
			if _, err := stream.Recv(); err != nil {
				return
			}
		}
	}()
	for {
		if err := stream.Send(report("again")); err != nil {
			return err
		}
	}
}

// flood writes without end, as fast as it is read.
func flood(to io.Writer, line string) {
	block := []byte(strings.Repeat(line, 1000))
	for {
		if _, err := to.Write(block); err != nil {
			return
		}
	}
}

// leak takes 20 MB more ten times a second, up to 2 GB.
func (a *animal) leak() {
	for range 100 {
		a.hoard = append(a.hoard, bytes.Repeat([]byte{1}, 20<<20))
		time.Sleep(100 * time.Millisecond)
	}
}

// leaveChild starts a process that holds what this one has open, and notes its id.
func (a *animal) leaveChild() {
	signal.Ignore(syscall.SIGCHLD)
	cmd := exec.Command("sleep", "300")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	if path := os.Getenv(FileEnv); path != "" {
		if err := os.WriteFile(path, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
			panic(err)
		}
	}
}
