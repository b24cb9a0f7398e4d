package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fatih/color"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/web"
)

func newServe(g *globals) *cobra.Command {
	var dev, verbose bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			log, err := newLogger(g.log, level)
			if err != nil {
				return err
			}
			slog.SetDefault(log)
			hup := hangups()
			cfg, err := g.load()
			if err != nil {
				return err
			}
			s, err := assemble(cmd.Context(), cfg, log, dev, g.load)
			if err != nil {
				return err
			}
			return s.run(cmd.Context(), cmd.OutOrStdout(), hup)
		},
	}
	cmd.Flags().BoolVar(&dev, "dev", false, "let every page on this machine use the widget")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// server is everything that runs, put together.
type server struct {
	cfg     atomic.Pointer[config.Config]
	read    func() (*config.Config, error)
	digests []byte // the key of those in outlines
	log     *slog.Logger
	url     string
	listen  net.Listener
	edge    *edge
	store   *store.Store
	chat    *core.Chat
	host    *host.Host
	web     *web.Server
	http    *http.Server
	bridges []host.Spec
	pages   atomic.Pointer[[]string] // ids of the bridges that serve pages
	changes changes                  // since the last start

	reloading sync.Mutex
}

// assemble puts the parts together, from the disk up. What is wrong with the
// configuration, the port, the database or a plugin is found out here, before
// anything runs.
func assemble(ctx context.Context, cfg *config.Config, log *slog.Logger, dev bool, read func() (*config.Config, error)) (_ *server, err error) {
	s := &server{log: log, read: read}
	s.cfg.Store(cfg)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.listen, err = listen(cfg); err != nil {
		return nil, err
	}
	if s.edge, err = openEdge(cfg, log); err != nil {
		return nil, err
	}
	s.listen = s.edge.wrap(s.listen)
	s.url = publicURL(cfg, s.listen.Addr())

	if s.store, err = store.Open(ctx, cfg.Database.URL, store.Options{}); err != nil {
		return nil, err
	}
	files, err := store.DiskFiles(cfg.Files.Dir)
	if err != nil {
		return nil, err
	}
	signingKey, err := s.store.Secret(ctx, "files")
	if err != nil {
		return nil, err
	}
	if s.digests, err = s.store.Secret(ctx, "outline"); err != nil {
		return nil, err
	}
	if s.changes, err = changesOf(ctx, cfg, s.store); err != nil {
		return nil, err
	}

	registry := core.NewProjects(nil)
	registry.Configure(configured(cfg))
	signals := bus.NewLocal()
	chat := core.NewChat(core.Options{
		Store: s.store, Files: files, Bus: signals, Projects: registry, Operators: cfg.Operators(), Log: log,
		Status: func(projectID string) []core.BridgeStatus { return s.status(registry, projectID) },
	})
	if err := syncProjects(ctx, cfg, s.store); err != nil {
		return nil, err
	}
	if err := errors.Join(chat.LoadProjects(ctx), chat.LoadPresence(ctx)); err != nil {
		return nil, err
	}
	s.chat = chat
	s.host = host.New(host.Options{
		Store: s.store, Chat: chat, Bus: signals, Log: log, URL: s.url, MaxFile: func() int64 { return s.cfg.Load().Files.MaxSize },
		FileURL: func(a *core.Attachment) string { return s.web.FileURL(a) },
	})
	s.web = web.New(web.Options{
		Chat: chat, Bus: signals, Logins: s.store, Plugins: s.host, Remotes: s.host, Host: s.host, Pages: func() []string { return *s.pages.Load() }, Ready: s.store.Ping, Status: s.host.Status,
		Settings: settingsOf(cfg), SigningKey: signingKey, Reload: func(ctx context.Context) (any, error) { return s.reload(ctx) },
		URL: s.url, Dev: dev, Proxies: cfg.Server.Proxies, HSTS: s.edge.hsts(), Log: log,
		Collectors: []prometheus.Collector{hostCollector{s.host}},
	})
	s.http = s.web.HTTPServer(cfg.Server.Listen)

	if s.bridges, err = specsOf(cfg, registry); err != nil {
		return nil, err
	}
	pages, err := tryPlugins(ctx, s.host, cfg, s.bridges, nil)
	s.pages.Store(&pages)
	return s, err
}

// gcPercent trades some of the collector's time for memory: most of what a server
// holds is sockets that do nothing, and the default lets their memory double
// before it looks at it. GOGC in the environment wins.
const gcPercent = 50

// run serves until ctx ends, and then ends everything in order.
func (s *server) run(ctx context.Context, out io.Writer, hup <-chan os.Signal) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	failed := make(chan error, 2)
	go func() { failed <- s.http.Serve(s.listen) }()
	s.edge.serve(ctx, s.url, failed)
	for _, spec := range s.bridges {
		s.host.Run(spec)
	}
	keeping, rest := context.WithCancel(ctx)
	defer rest()
	go s.chat.Keep(keeping)
	go s.watchPlugins(keeping)
	registry := s.chat.Projects()
	registry.Watch(s.host.TellProjects)
	go s.listenFor(keeping, hup)
	if err := s.announce(ctx, out); err != nil {
		s.log.Error("no link to the operators' pages", "err", err)
	}
	for _, line := range s.changes.lines() {
		s.log.Info("since the last start: " + line)
	}
	s.remember(ctx, s.cfg.Load().Outline(s.digests))
	s.log.Info("serving", "url", s.url, "listen", s.listen.Addr().String(), "version", version())
	select {
	case err := <-failed:
		s.shutdown()
		return fmt.Errorf("the server cannot go on: %w", err)
	case <-ctx.Done():
		s.log.Info("stopping")
		s.shutdown()
		return nil
	}
}

// listenFor reads the configuration again at each hangup, until ctx ends.
func (s *server) listenFor(ctx context.Context, hup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			_, _ = s.reload(core.WithActor(ctx, "file")) // the log says how it went
		}
	}
}

// announce prints where to look.
func (s *server) announce(ctx context.Context, out io.Writer) error {
	bold, blue := color.New(color.Bold), color.New(color.FgCyan, color.Underline)
	fmt.Fprintf(out, "\n  %s %s\n\n", bold.Sprint("PocketPing"), version())
	fmt.Fprintf(out, "  %-18s %s\n", "Demo page", blue.Sprint(s.url+"/"))
	link, err := adminLink(ctx, s.store, s.url, core.Operator{Name: "Admin"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-18s %s\n  %-18s %s\n", "Admin page", blue.Sprint(link), "", color.HiBlackString("opens once, within 15 minutes; `pocketping login --admin` makes another"))
	for _, id := range *s.pages.Load() {
		link, err := pageLink(ctx, s.store, s.url, id, core.Operator{Name: defaultOperator})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-18s %s\n  %-18s %s\n", "Answer in "+id, blue.Sprint(link), "", color.HiBlackString("opens once, within 15 minutes; `pocketping login` makes another"))
	}
	fmt.Fprintln(out)
	return nil
}

// shutdownTime bounds the whole end, however a plugin or a client behaves.
const shutdownTime = 15 * time.Second

// shutdown ends everything from the outside in: no new visitor is let in, sockets
// are told to come back later, bridges finish what is under way, and then the store
// closes.
func (s *server) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	visitors, done := context.WithTimeout(ctx, shutdownTime/3)
	defer done()
	if err := errors.Join(s.web.Shutdown(visitors), s.http.Shutdown(visitors)); err != nil {
		s.log.Warn("some connections were cut", "err", err)
	}
	_ = s.http.Close()
	s.host.Stop(ctx)
	s.close()
	s.log.Info("stopped")
}

// close gives back what assemble has taken.
func (s *server) close() {
	s.edge.close()
	if s.listen != nil {
		_ = s.listen.Close() // the server may have closed it
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Error("the database did not close well", "err", err)
		}
	}
}

// status is how the project's bridges are doing.
func (s *server) status(registry *core.Projects, projectID string) []core.BridgeStatus {
	project, err := registry.ByID(projectID)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(s.host.Status(), func(b core.BridgeStatus) bool { return !slices.Contains(project.Bridges, b.ID) })
}
