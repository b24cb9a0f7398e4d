// Package web is the HTTP edge: the widget's socket and its fallback, uploads and
// files, the calls of back ends, and the pages of operators. It translates frames
// and requests to calls of core.Chat, and back; rules of the chat live in core.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/web/admin"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
	"github.com/pocketping/pocketping/widget"
)

// Plugins gives the HTTP handlers of bridges.
type Plugins interface {
	// Handler is the bridge's own HTTP, and its paths that are open to all.
	Handler(bridgeID string) (h http.Handler, public []string, ok bool)
}

// Remotes takes connections of remote plugins, and serves them what it serves to those
// on its own machine.
type Remotes interface {
	// RemoteNamed finds the bridge whose plugin shows this key.
	RemoteNamed(key string) (bridgeID string, ok bool)
	// Connect takes over a connection of the bridge's plugin.
	Connect(bridgeID string, conn remotev1.Conn, format remotev1.Format)
	// RemoteHTTP is for the launch that has this token.
	RemoteHTTP(ctx context.Context, token string) (h http.Handler, ok bool, err error)
}

// Options are the parts that a Server works with. Chat, Bus and SigningKey are
// required; URL should be what people type.
type Options struct {
	Chat    *core.Chat
	Bus     core.Bus
	Logins  core.Logins                 // nil: operators' pages are closed
	Plugins Plugins                     // nil: no bridge has HTTP of its own
	Remotes Remotes                     // nil: no bridge is remote
	Host    admin.Host                  // restarts plugins and has their logs; nil: nothing is run here
	Pages   func() []string             // ids of the bridges that serve pages; nil: none
	Ready   func(context.Context) error // nil: always ready
	Status  func() []core.BridgeStatus  // nil: unknown
	Settings
	SigningKey []byte                             // of the links to files
	URL        string                             // where visitors reach this server, without a trailing slash
	Dev        bool                               // pages of this machine may use every project
	Proxies    []netip.Prefix                     // whose X-Forwarded-For and -Proto are believed
	HSTS       time.Duration                      // for how long browsers insist on https; 0: they are not told
	Reload     func(context.Context) (any, error) // reads the configuration again; nil: it cannot be
	Collectors []prometheus.Collector             // what /metrics shows beside the web's own
	Log        *slog.Logger
	Now        func() time.Time // nil: time.Now
}

// Settings are what may change while the Server runs.
type Settings struct {
	Limits       Limits
	MaxUpload    int64    // bytes; 0: 25 MiB
	Quota        int64    // bytes that one visitor may upload in a day; 0: no limit
	Types        []string // of uploads that are taken, such as "image/*"; nil: all that welcomeTypes has
	MetricsToken string   // opens /metrics from afar; empty: from this machine only
	Proof        string   // when new visitors have to prove work: ProofOff, which is what empty means, ProofFlooded or ProofAlways
	AdminToken   string   // opens /v1/admin and signs in to /admin; empty: one-time links alone do
}

const defaultMaxUpload = 25 << 20

// Server is the HTTP edge of one node.
type Server struct {
	o        Options
	set      atomic.Pointer[Settings]
	chat     *core.Chat
	log      *slog.Logger
	now      func() time.Time
	own      string // origin of URL
	echo     *echo.Echo
	sockets  *sockets
	streams  streams
	limits   limiters
	held     held // sockets and streams
	proofs   proofs
	metrics  *metrics
	quota    quota
	presence presence
	settings assets
	said     said // by pages without a WebSocket
	draining atomic.Bool

	hearing sync.Mutex
	hears   map[string]func() // by project: ends what it listens to
}

// New makes a Server. It runs one goroutine that watches over the sockets until
// Shutdown.
func New(o Options) *Server {
	s := &Server{o: o, chat: o.Chat, log: o.Log, now: o.Now, hears: map[string]func(){}}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.o.Pages == nil {
		s.o.Pages = func() []string { return nil }
	}
	if s.o.Ready == nil {
		s.o.Ready = func(context.Context) error { return nil }
	}
	if s.o.Status == nil {
		s.o.Status = func() []core.BridgeStatus { return nil }
	}
	if u, err := url.Parse(o.URL); err == nil && u.Host != "" {
		s.own = u.Scheme + "://" + u.Host
	}
	s.limits = newLimiters(s.now)
	s.proofs.key, s.proofs.now = o.SigningKey, s.now
	s.Apply(o.Settings)
	s.metrics = newMetrics(s)
	s.sockets = newSockets()
	s.streams.open = map[*stream]struct{}{}
	s.echo = s.routes()
	s.chat.Projects().Watch(s.projectsChanged)
	s.projectsChanged()
	go s.watch()
	return s
}

// Apply takes other settings. Who is connected stays so.
func (s *Server) Apply(set Settings) {
	if set.MaxUpload == 0 {
		set.MaxUpload = defaultMaxUpload
	}
	s.limits.apply(set.Limits)
	s.set.Store(&set)
}

// Handler answers every request.
func (s *Server) Handler() http.Handler { return s.echo }

// HTTPServer is an http.Server for the Handler that slow or silent clients
// cannot hold up. Shut the Server down before it.
func (s *Server) HTTPServer(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           s.echo,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = proxies(s.o.Proxies).client
	e.HTTPErrorHandler = s.fail
	e.Use(s.guard)

	look := []string{http.MethodGet, http.MethodHead}
	e.Match(look, "/", s.getDemo)
	e.Match(look, "/demo/*", s.getDemoFile)
	e.Match(look, "/widget.js", script(widget.Script))
	e.Match(look, "/extra.js", script(widget.Extra))
	e.Match(look, "/pow.js", script(widget.Proof))
	e.Match(look, "/healthz", s.getHealth)
	e.Match(look, "/readyz", s.getReady)
	e.GET("/metrics", s.getMetrics)

	e.GET("/v1/socket", s.getSocket)
	e.Match(look, "/v1/widget/:key", s.getSettings)
	e.POST("/v1/frames", s.postFrames)
	e.GET("/v1/stream", s.getStream)
	e.POST("/v1/uploads", s.postUpload)
	e.Match(look, "/v1/files/:id", s.getFile)
	for _, path := range []string{"/v1/widget/:key", "/v1/frames", "/v1/stream", "/v1/uploads"} {
		e.OPTIONS(path, s.preflight)
	}
	s.routeBackend(e)
	s.routeAdmin(e)
	s.routePlugins(e)
	s.routeDeliveries(e)
	s.routeBridges(e)
	s.mountAdmin(e)

	e.POST("/v1/operator/login", s.postLogin)
	e.Any("/plugins/:bridge", s.anyPlugin)
	e.Any("/plugins/:bridge/*", s.anyPlugin)
	e.RouteNotFound("/*", func(c echo.Context) error {
		return core.Errorf(core.CodeNotFound, "there is nothing at %s %s", c.Request().Method, c.Request().URL.Path)
	})
	return e
}
