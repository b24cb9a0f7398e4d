package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// kit is one run: the plugin, its platform, and the core that it sees.
type kit struct {
	o      Options
	outer  context.Context
	dir    string
	desk   *desk
	driver *driver // nil: there is none
	config map[string]json.RawMessage
	desc   *pluginv1.DescribeResponse
	why    error    // the plugin cannot be used at all
	probe  *process // a launch that is asked what it is, and never started
	began  time.Time

	mu         sync.Mutex
	logs       []*tail
	processes  []*process
	tokens     []string
	main       *launched
	generation int64
	deaths     []string // of launches that nobody ended
}

// launched is a plugin that was started and listens.
type launched struct {
	*process
	rpc        pluginv1.PluginClient
	socket     *socket
	stream     *stream
	started    *pluginv1.StartResponse
	generation int64
}

func newKit(ctx context.Context, o Options) (*kit, error) {
	if found, err := exec.LookPath(o.Binary); err == nil {
		o.Binary = found // of an interpreter, whose name alone is given
	}
	info, err := os.Stat(o.Binary)
	switch {
	case err != nil:
		return nil, fmt.Errorf("there is no plugin at %s: build it, or name its file", o.Binary)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name the plugin's file", o.Binary)
	}
	dir, err := os.MkdirTemp("", "ppk")
	if err != nil {
		return nil, err
	}
	k := &kit{o: o, outer: ctx, dir: dir, desk: newDesk(), config: map[string]json.RawMessage{}, began: time.Now()}
	if err := k.setUp(ctx); err != nil {
		k.close()
		return nil, err
	}
	k.learn(ctx)
	return k, nil
}

// setUp starts the platform and reads the config.
func (k *kit) setUp(ctx context.Context) (err error) {
	text := k.o.Config
	switch {
	case strings.Contains(string(text), ReceiverMark):
		if k.driver, err = newReceiver(); err != nil {
			return err
		}
		text = []byte(strings.ReplaceAll(string(text), ReceiverMark, k.driver.url))
	case len(k.o.Driver) > 0:
		if k.driver, err = startDriver(ctx, k.o.Driver, k.o.Log); err != nil {
			return err
		}
		for name, value := range k.driver.hello.Config {
			if k.config[name], err = json.Marshal(value); err != nil {
				return err
			}
		}
	}
	given := map[string]json.RawMessage{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &given); err != nil {
			return fmt.Errorf("the config is no JSON object: %w", err)
		}
	}
	for name, value := range given {
		k.config[name] = value
	}
	return nil
}

// learn asks what the plugin is. A plugin that does not say is no error: checks fail.
func (k *kit) learn(ctx context.Context) {
	k.desc = &pluginv1.DescribeResponse{}
	p, err := k.launch(ctx)
	if err == nil {
		k.probe = p
		var d *pluginv1.DescribeResponse
		ctx, cancel := context.WithTimeout(ctx, handshakeWithin)
		defer cancel()
		if d, err = p.rpc.Describe(ctx, &pluginv1.DescribeRequest{}); err == nil {
			k.desc = d
			k.desk.visitor = d.GetAsVisitor()
			return
		}
		err = fmt.Errorf("Describe: %w", err)
	}
	k.why = err
}

// close ends what is left of the run.
func (k *kit) close() {
	k.stopMain()
	k.mu.Lock()
	left := slices.Clone(k.processes)
	k.mu.Unlock()
	for _, p := range left {
		p.kill()
	}
	if k.driver != nil {
		k.driver.close()
	}
	_ = os.RemoveAll(k.dir)
}

func (k *kit) watch(t *tail) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.logs = append(k.logs, t)
}

func (k *kit) started(p *process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.processes = append(k.processes, p)
}

// secrets are the config's, and the tokens of launches.
func (k *kit) secrets() []string {
	k.mu.Lock()
	all := slices.Clone(k.tokens)
	k.mu.Unlock()
	for _, f := range k.desc.GetFields() {
		var one string
		if f.GetSecret() && json.Unmarshal(k.config[f.GetName()], &one) == nil && len(one) >= 4 {
			all = append(all, one)
		}
	}
	return all
}

// needs says why a check cannot apply.
func (k *kit) needs(_ context.Context, n needs) error {
	hook := k.desc.GetKind() == pluginv1.Kind_KIND_HOOK
	switch {
	case n.bridges && hook:
		return skip("it is a hook: hooks only listen")
	case n.bridge && hook:
		return skip("it is a hook: it has no threads")
	case n.bridge && k.desc.GetAsVisitor():
		return skip("it speaks as the visitor: operators see no thread of it")
	case n.event != "" && !k.wants(n.event):
		return skip("it takes no %s", n.event)
	case n.long && k.o.Short:
		return skip("it takes long: not in a short run")
	}
	return k.can(n.verbs...)
}

// can says what the driver lacks.
func (k *kit) can(verbs ...string) error {
	for _, verb := range verbs {
		switch {
		case k.driver == nil:
			return skip("no driver: nobody says what happens on its platform")
		case !k.driver.can(verb):
			return skip("its driver has no %q", verb)
		}
	}
	return nil
}

// configJSON is the config that the plugin gets.
func (k *kit) configJSON() []byte { return mustJSON(k.config) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and raw JSON that was read before
	}
	return b
}

// startRequest hands over the config, with the host's socket of the launch.
func (k *kit) startRequest(s *socket, generation int64) *pluginv1.StartRequest {
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	state := map[string][]byte{}
	for key, value := range k.desk.state {
		state[key] = value
	}
	return &pluginv1.StartRequest{
		ConfigJson: k.configJSON(), State: state, HostAddr: s.addr, HostToken: s.token, BridgeId: bridgeID,
		Generation: generation, Projects: []*pluginv1.Project{proto.CloneOf(k.desk.project)},
	}
}

// beside launches and starts the plugin as a check does: it takes no part, for nobody
// listens. The caller ends it.
func (k *kit) beside(ctx context.Context) (*launched, error) {
	return k.start(ctx, func(*pluginv1.StartRequest) {})
}

func (k *kit) start(ctx context.Context, change func(*pluginv1.StartRequest)) (*launched, error) {
	if k.why != nil {
		return nil, k.why
	}
	p, err := k.launch(ctx)
	if err != nil {
		return nil, err
	}
	l := &launched{process: p, rpc: p.rpc}
	k.mu.Lock()
	k.generation++
	l.generation = k.generation
	k.mu.Unlock()
	if l.socket, err = k.desk.listen(p.socket("host.sock")); err != nil {
		p.kill()
		return nil, err
	}
	k.mu.Lock()
	k.tokens = append(k.tokens, l.socket.token)
	k.mu.Unlock()
	req := k.startRequest(l.socket, l.generation)
	change(req)
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	if l.started, err = p.rpc.Start(ctx, req); err != nil {
		l.finish()
		return nil, fmt.Errorf("Start: %w", err)
	}
	return l, nil
}

// finish ends a launch.
func (l *launched) finish() {
	l.process.end()
	l.socket.close()
}

// running is the plugin that delivers and listens, launched anew when it has ended.
func (k *kit) running(ctx context.Context) (*launched, error) {
	k.mu.Lock()
	l := k.main
	k.mu.Unlock()
	if l != nil && !l.isEnded() && !l.stream.isEnded() {
		return l, nil
	}
	if l != nil {
		k.bury(l)
	}
	l, err := k.beside(ctx)
	if err != nil {
		return nil, err
	}
	in, err := l.rpc.Inbound(k.outer)
	if err != nil {
		l.finish()
		return nil, fmt.Errorf("Inbound: %w", err)
	}
	l.stream = k.desk.serve(in, l.generation)
	k.mu.Lock()
	k.main = l
	k.mu.Unlock()
	if k.driver != nil && k.driver.can("reach") && l.started.GetHttpAddr() != "" {
		if err := k.driver.call(ctx, "reach", map[string]string{"addr": l.started.GetHttpAddr()}, nil); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (s *stream) isEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// bury cleans up after a launch that ended although nobody ended it.
func (k *kit) bury(l *launched) {
	l.process.endsWithin(200 * time.Millisecond) // its stream may end first
	why := "its process ended"
	if !l.isEnded() { // then the stream is what has ended
		why = "its Inbound stream ended"
		if err := l.stream.err; err != nil && !errors.Is(err, io.EOF) {
			why += ": " + status.Convert(err).Message()
		}
	}
	k.mu.Lock()
	k.deaths = append(k.deaths, why+l.err.words())
	k.main = nil
	k.mu.Unlock()
	l.process.kill()
	l.socket.close()
}

// stopMain stops the plugin that delivers, as a reload does.
func (k *kit) stopMain() {
	k.mu.Lock()
	l := k.main
	k.main = nil
	k.mu.Unlock()
	if l != nil {
		l.finish()
	}
}

// killMain kills it, as the system does to who uses too much.
func (k *kit) killMain() {
	k.mu.Lock()
	l := k.main
	k.main = nil
	k.mu.Unlock()
	if l != nil {
		l.process.kill()
		l.socket.close()
	}
}

// mend ends what a check has left: faults of the platform, verdicts of the desk.
func (k *kit) mend(ctx context.Context) {
	k.desk.change(func() { k.desk.verdict, k.desk.recorded, k.desk.down = nil, nil, false })
	if k.driver == nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if k.driver.can("fail") {
		_ = k.driver.fail(ctx, "", 0, 0) // the next check tells when it does not answer
	}
}

// alive is an error when a launch has ended by itself, or nothing is delivered any more.
func (k *kit) alive(ctx context.Context) error {
	k.mu.Lock()
	before := len(k.deaths)
	k.mu.Unlock()
	t := k.talk()
	err := t.must(ctx, t.opened(), t.posted("still here?"))
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.deaths) > before {
		return errors.New("the plugin did not survive it: " + k.deaths[before])
	}
	if err != nil {
		return fmt.Errorf("after it nothing is delivered any more: %w", err)
	}
	return nil
}
