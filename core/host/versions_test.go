package host

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// cutShort is a plugin whose launch is ended while it is checked.
type cutShort struct {
	pluginv1.PluginClient
	end context.CancelCauseFunc
}

func (c cutShort) Check(context.Context, *pluginv1.CheckRequest, ...grpc.CallOption) (*pluginv1.CheckResponse, error) {
	c.end(errEnded)
	return nil, status.Error(codes.Canceled, "context canceled")
}

// A version whose launch somebody ends while it is checked, by a restart or by a stop of
// the server, is not one that does not work.
func TestAVersionThatIsStoppedWhileItIsCheckedIsNotRefused(t *testing.T) {
	r := newRunner(New(Options{Chat: &toldChat{}}), Spec{ID: "b", Plugin: "telegram"})
	defer r.finish()
	p := &peer{}
	p.ended, p.giveUp = context.WithCancelCause(t.Context())
	p.rpc = cutShort{end: p.giveUp}
	now := &binary{key: "new"}
	r.versions.good, r.versions.trial = &binary{key: "old", version: "1.0", failing: map[string]bool{}}, now
	r.prove(&launch{peer: p}, now)
	if why, bad := r.versions.bad[now.key]; bad {
		t.Errorf("it is refused: %s", why)
	}
}
