package cli

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pocketping/pocketping/core/host"
)

// hostCollector shows in /metrics what the bridges have done.
type hostCollector struct{ host *host.Host }

var (
	descEvents   = prometheus.NewDesc("pocketping_bridge_events_total", "Events that a bridge was given, by what became of them; uncertain ones were sent again after a crash.", []string{"bridge", "result"}, nil)
	descInbounds = prometheus.NewDesc("pocketping_bridge_inbounds_total", "Things that a bridge reported, by what became of them.", []string{"bridge", "result"}, nil)
)

// Describe implements prometheus.Collector.
func (hostCollector) Describe(out chan<- *prometheus.Desc) {
	out <- descEvents
	out <- descInbounds
}

// Collect implements prometheus.Collector.
func (c hostCollector) Collect(out chan<- prometheus.Metric) {
	for _, n := range c.host.Counters() {
		for result, count := range map[string]uint64{
			"delivered": n.Delivered, "retried": n.Retried, "failed": n.Failed, "uncertain": n.Uncertain, "dropped_live": n.LiveDropped,
		} {
			out <- prometheus.MustNewConstMetric(descEvents, prometheus.CounterValue, float64(count), n.BridgeID, result)
		}
		for result, count := range map[string]uint64{"received": n.Received, "refused": n.Refused} {
			out <- prometheus.MustNewConstMetric(descInbounds, prometheus.CounterValue, float64(count), n.BridgeID, result)
		}
	}
}
