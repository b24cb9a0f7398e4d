package host

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// FuzzInbound: whatever bytes a plugin sends as something inbound, it is what the core knows or refused.
func FuzzInbound(f *testing.F) {
	for _, in := range []*pluginv1.Inbound{
		{}, {Kind: pluginv1.InboundKind_INBOUND_KIND_MESSAGE, EffectKey: "k", Thread: "t", Text: "hi", Operator: &pluginv1.Operator{Id: "1", Name: "O"}, Files: []string{"att_1"}},
		{Kind: pluginv1.InboundKind_INBOUND_KIND_TYPING, On: true}, {Kind: 99, EffectKey: "k"}, {Kind: pluginv1.InboundKind_INBOUND_KIND_RAW, EffectKey: "k", Raw: []byte("{")},
	} {
		raw, err := proto.Marshal(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var wire pluginv1.Inbound
		if proto.Unmarshal(raw, &wire) != nil {
			return
		}
		in, err := inboundOf(&wire)
		if err == nil && (in.Kind == "" || in.EffectKey == "" && in.Kind != "typing" && in.Kind != "read") {
			t.Fatalf("%q is taken as %+v", raw, in)
		}
	})
}
