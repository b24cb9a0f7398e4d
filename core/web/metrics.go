package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pocketping/pocketping/core"
)

// metrics are the figures of one Server.
type metrics struct {
	handler http.Handler
	frames  *prometheus.CounterVec
	posts   *prometheus.CounterVec
	took    prometheus.Histogram
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pocketping_frames_total", Help: "Frames that visitors sent, by type.",
		}, []string{"type"}),
		posts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pocketping_posts_acked_total", Help: "Messages that were stored and acked, by where they came in.",
		}, []string{"via"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pocketping_post_seconds", Help: "Time from a post to its commit.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pocketping_sockets", Help: "Sockets of visitors that are open.",
	}, func() float64 { return float64(s.sockets.count()) })
	r := prometheus.NewRegistry()
	r.MustRegister(m.frames, m.posts, m.took, open, &s.limits, bridgeCollector(s.o.Status),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.MustRegister(s.o.Collectors...)
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return m
}

func (m *metrics) post(via string, took time.Duration) {
	m.posts.WithLabelValues(via).Inc()
	m.took.Observe(took.Seconds())
}

// frame counts a frame. Foreign types are one, or strangers could make labels.
func (m *metrics) frame(kind string) {
	if !answered[kind] && !unanswered[kind] && kind != typeHello {
		kind = "unknown"
	}
	m.frames.WithLabelValues(kind).Inc()
}

// bridgeCollector reads how the bridges are doing when it is asked.
type bridgeCollector func() []core.BridgeStatus

var (
	descBacklog  = prometheus.NewDesc("pocketping_bridge_backlog", "Deliveries that wait for a bridge.", []string{"bridge"}, nil)
	descLag      = prometheus.NewDesc("pocketping_bridge_lag_seconds", "For how long the oldest of the deliveries that wait for a bridge has done so; 0: none waits.", []string{"bridge"}, nil)
	descDead     = prometheus.NewDesc("pocketping_bridge_dead_letters", "Deliveries that a bridge can never make, until somebody has them tried again or drops them.", []string{"bridge"}, nil)
	descRestarts = prometheus.NewDesc("pocketping_bridge_restarts_total", "Times that a bridge's process was started again.", []string{"bridge"}, nil)
	descState    = prometheus.NewDesc("pocketping_bridge_state", "1 for the state that a bridge is in.", []string{"bridge", "plugin", "state"}, nil)
)

func (bridgeCollector) Describe(out chan<- *prometheus.Desc) {
	out <- descBacklog
	out <- descLag
	out <- descDead
	out <- descRestarts
	out <- descState
}

func (status bridgeCollector) Collect(out chan<- prometheus.Metric) {
	for _, b := range status() {
		out <- prometheus.MustNewConstMetric(descBacklog, prometheus.GaugeValue, float64(b.Backlog), b.ID)
		out <- prometheus.MustNewConstMetric(descLag, prometheus.GaugeValue, lag(b), b.ID)
		out <- prometheus.MustNewConstMetric(descDead, prometheus.GaugeValue, float64(b.Dead), b.ID)
		out <- prometheus.MustNewConstMetric(descRestarts, prometheus.CounterValue, float64(b.Restarts), b.ID)
		out <- prometheus.MustNewConstMetric(descState, prometheus.GaugeValue, 1, b.ID, b.Plugin, b.State)
	}
}

// lag is for how long the oldest has waited, in seconds.
func lag(b core.BridgeStatus) float64 {
	if b.Oldest.IsZero() {
		return 0
	}
	return max(0, time.Since(b.Oldest.Std()).Seconds())
}
