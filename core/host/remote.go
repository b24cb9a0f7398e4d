package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

var (
	errReplaced = errors.New("another connection of its remote plugin has taken over")
	errRemote   = errors.New("its plugin connects from elsewhere, and is not launched here")
)

const notConnected = "its remote plugin is not connected"

// remote reports whether the plugin connects, in place of being launched.
func (s *Spec) remote() bool { return len(s.KeyHash) > 0 }

// RemoteNamed finds the bridge whose remote plugin shows this key.
func (h *Host) RemoteNamed(key string) (bridgeID string, ok bool) {
	shown := core.Hash(key)
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, r := range h.runners {
		if r.spec.remote() && core.SameHash(shown, r.spec.KeyHash) {
			bridgeID = id // all are compared: how long it takes tells nothing
		}
	}
	return bridgeID, bridgeID != ""
}

// Connect takes over a connection of a bridge's remote plugin. The newest counts: one
// that is there already is asked to finish, closed, and only then this one is used.
func (h *Host) Connect(bridgeID string, conn remotev1.Conn, format remotev1.Format) {
	link := remotev1.Call(conn, format)
	r := h.runner(bridgeID)
	if r == nil || r.door == nil {
		link.Close(remotev1.CloseUnknown, "this server has no such bridge any more")
		return
	}
	r.door.knock(link)
	context.AfterFunc(link.Ended(), r.door.poke)
}

// door is where connections of one bridge's remote plugin wait for a launch. A nil door
// is that of a bridge whose plugin is launched.
type door struct {
	replace func() // ends the launch in good order

	mu      sync.Mutex
	waiting *remotev1.Caller // the newest that no launch has; nil: none
	inside  *guest           // of the launch; nil: none
	changed chan struct{}    // closed when any of this is
	shut    bool
}

func newDoor(replace func()) *door { return &door{replace: replace, changed: make(chan struct{})} }

// poke wakes who waits for a change.
func (d *door) poke() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell()
}

// tell is poke; mu is held.
func (d *door) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *door) knock(link *remotev1.Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		link.Close(remotev1.CloseRestart, "the bridge is restarted: connect again")
		return
	}
	if d.waiting != nil {
		d.waiting.Close(remotev1.CloseReplaced, errReplaced.Error())
	}
	d.waiting = link
	d.tell()
	if d.inside != nil {
		go d.oust()
	}
}

// lively is how long the plugin of a launch may take to show that it is still there, when
// another one has come.
const lively = 2 * time.Second

// oust ends the launch whose place another connection takes: in good order where it is
// there to do so.
func (d *door) oust() {
	d.mu.Lock()
	g := d.inside
	d.mu.Unlock()
	if g == nil {
		return
	}
	g.say(remotev1.CloseReplaced, errReplaced.Error())
	if err := g.link.Ping(lively); err != nil {
		g.link.Cut(errReplaced)
		return
	}
	d.replace()
}

// begun says that the launch delivers: it can be ended in good order, and has to be when
// another connection came meanwhile.
func (d *door) begun() {
	if d != nil && d.here() {
		go d.oust()
	}
}

// here reports whether a connection waits.
func (d *door) here() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newest() != nil
}

// newest is the connection that waits; mu is held.
func (d *door) newest() *remotev1.Caller {
	if d.waiting != nil && d.waiting.Ended().Err() != nil {
		d.waiting = nil
	}
	return d.waiting
}

// wait returns when a connection waits, or ctx ends.
func (d *door) wait(ctx context.Context) {
	for ctx.Err() == nil {
		d.mu.Lock()
		link, changed := d.newest(), d.changed
		d.mu.Unlock()
		if link != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// enter makes a guest of the connection that waits; nil: it has gone.
func (d *door) enter() *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	link := d.newest()
	if link == nil {
		return nil
	}
	d.waiting, d.inside = nil, &guest{link: link, code: remotev1.CloseRestart, reason: "connect again"}
	return d.inside
}

func (d *door) left(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside == g {
		d.inside = nil
	}
}

// close sends away who waits, and who comes.
func (d *door) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	if d.waiting != nil {
		d.waiting.Close(remotev1.CloseRestart, "the bridge is restarted: connect again")
		d.waiting = nil
	}
}

// guest is a remote plugin as a launch works with it.
type guest struct {
	peer
	link *remotev1.Caller
	once sync.Once

	mu     sync.Mutex
	code   int // that the connection is to be closed with
	reason string
}

// peer launches the plugin, or takes the one that has connected, and asks what it is.
func (r *runner) peer(ctx context.Context, spec *Spec) (*peer, error) {
	if r.door == nil {
		return r.h.start(spec, r.plog)
	}
	g := r.door.enter()
	if g == nil {
		return nil, remotev1.ErrCut
	}
	g.ended, g.giveUp = context.WithCancelCause(g.link.Ended())
	counted := &countedConn{g.link, &g.under}
	g.rpc, g.health = pluginv1.NewPluginClient(counted), grpc_health_v1.NewHealthClient(counted)
	g.how = func() string { return "" }
	g.kill = func() { g.end(r.door) }
	g.refuse = g.say
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	var err error
	if g.desc, err = g.rpc.Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
		g.say(remotev1.CloseRefused, "it does not answer Describe")
		g.kill()
		return nil, cutOr(&g.peer, fmt.Errorf("the remote plugin does not say what it is (Describe: %w): does it speak %s?", err, remotev1.JSON))
	}
	return &g.peer, nil
}

// cutOr is why a launch failed: its connection, or else err.
func cutOr(p *peer, err error) error {
	if cause := context.Cause(p.ended); errors.Is(cause, remotev1.ErrCut) {
		return cause
	}
	return err
}

// say is what the plugin is told when it is ended; the first word counts.
func (g *guest) say(code int, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.code == remotev1.CloseRestart {
		g.code, g.reason = code, reason
	}
}

func (g *guest) end(d *door) {
	g.once.Do(func() {
		g.giveUp(errEnded)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.link.Close(g.code, g.reason)
		d.left(g)
	})
}

// countedConn counts the calls that wait for an answer.
type countedConn struct {
	*remotev1.Caller
	under *callsUnder
}

// Invoke is for the generated code.
func (c *countedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if name, ours := strings.CutPrefix(method, "/"+pluginv1.Plugin_ServiceDesc.ServiceName+"/"); ours {
		defer c.under.begin(name)()
	}
	return c.Caller.Invoke(ctx, method, args, reply, opts...)
}

// visited waits until there is a plugin to launch; operators learn in time that there is
// none. It reports false when ctx has ended first.
func (r *runner) visited(ctx context.Context) bool {
	if r.door == nil || r.door.here() {
		return true
	}
	r.say(stateDegraded, notConnected)
	r.outages.note(outageDown, notConnected)
	r.door.wait(ctx)
	return ctx.Err() == nil
}

// away reports whether a launch ended because its plugin's connection did: it comes back
// by itself, and nothing is wrong with it.
func (r *runner) away(err error) bool {
	if !errors.Is(err, remotev1.ErrCut) && !errors.Is(err, errReplaced) {
		return false
	}
	r.log.Info("the remote plugin's connection has ended", "err", err)
	r.plog.tell(slog.LevelInfo, "its connection has ended: "+err.Error())
	return true
}

// firstAsk is how long a node asks for the lease of a remote bridge whose plugin has not
// connected to it: another may have it, and the plugin.
const firstAsk = 2 * time.Second

// lease waits until this node may run the bridge. Of a remote one it is the node that its
// plugin has connected to; when there is no other, a node has the lease all the same, and
// tells operators that the plugin is away.
func (r *runner) lease(first bool) (*core.Lease, error) {
	if r.door == nil {
		return r.h.o.Store.Lease(r.ctx, r.spec.ID)
	}
	if first {
		ctx, cancel := context.WithTimeout(r.ctx, firstAsk)
		defer cancel()
		if lease, err := r.h.o.Store.Lease(ctx, r.spec.ID); err == nil || ctx.Err() == nil {
			return lease, err
		}
	}
	r.door.wait(r.ctx)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	go func() { // who waits may leave
		for ctx.Err() == nil && r.door.here() {
			r.pauseIn(ctx, lockLook)
		}
		cancel()
	}()
	return r.h.o.Store.Lease(ctx, r.spec.ID)
}

// lockLook is how often it is looked whether a connection that waits for a lease is
// still there.
const lockLook = 500 * time.Millisecond

// wanted is closed when another node's connection waits for the lease of a remote bridge.
func (r *runner) wanted(lease *core.Lease) <-chan struct{} {
	if r.door == nil {
		return nil
	}
	return lease.Wanted
}

// remoteSocket is where a remote plugin finds what the host's HTTP socket serves.
func (h *Host) remoteSocket(spec *Spec, generation int64) *socket {
	return &socket{h: h, spec: spec, addr: h.o.URL + remotev1.HTTPPath, token: launchToken(spec, generation)}
}

// launchToken opens the HTTP of one launch on every node: all know the bridge's key.
func launchToken(spec *Spec, generation int64) string {
	words := spec.ID + "." + strconv.FormatInt(generation, 10)
	mac := hmac.New(sha256.New, spec.KeyHash)
	mac.Write([]byte("launch " + words))
	return words + "." + hex.EncodeToString(mac.Sum(nil))
}

// RemoteHTTP is what the host's HTTP socket serves to the launch of a remote plugin that
// has this token; its paths are those of the socket. ok is false when the token is none,
// or that of an older launch.
func (h *Host) RemoteHTTP(ctx context.Context, token string) (handler http.Handler, ok bool, err error) {
	words, _, _ := cutLast(token)
	id, number, _ := cutLast(words)
	generation, err := strconv.ParseInt(number, 10, 64)
	r := h.runner(id)
	if err != nil || r == nil || !r.spec.remote() || !core.SameSecret(token, launchToken(&r.spec, generation)) {
		return nil, false, nil
	}
	if l := r.current(); l != nil && l.generation == generation {
		return l.socket.routes(), true, nil
	}
	newest, err := h.o.Store.Generation(ctx, id) // another node may have the launch
	if err != nil || newest != generation {
		return nil, false, err
	}
	return h.remoteSocket(&r.spec, generation).routes(), true, nil
}

// cutLast cuts at the last dot.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
