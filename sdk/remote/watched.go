package remote

import (
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// watched notes that the core has begun to work with the plugin.
type watched struct {
	pluginv1.PluginServer
	opened atomic.Bool
}

// Inbound is the last step of a start.
func (w *watched) Inbound(stream grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]) error {
	w.opened.Store(true)
	return w.PluginServer.Inbound(stream)
}
