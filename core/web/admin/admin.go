// Package admin serves the admin's pages at /admin: how it goes, projects and their
// keys, sessions, plugins and the audit log. They are plain HTML, drawn on the server;
// a little script adds what is nice to have.
package admin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// Chat is what the pages show and change; *core.Chat is one.
type Chat interface {
	Projects() *core.Projects
	Online(p *core.Project) bool
	AddProject(ctx context.Context, d core.ProjectDraft) (*core.Project, core.Keys, error)
	PatchProject(ctx context.Context, projectID string, change func(*core.Project) error) (*core.Project, error)
	RemoveProject(ctx context.Context, projectID string) error
	RotateKey(ctx context.Context, projectID, kind string, overlap time.Duration) (key string, oldUntil core.Time, err error)

	Series(ctx context.Context, q core.SeriesQuery) (*core.Series, error)
	Sessions(ctx context.Context, q core.SessionQuery) ([]*core.Session, string, error)
	Session(ctx context.Context, projectID, sessionID string, messages int) (*core.Session, error)
	Transcript(ctx context.Context, q core.MessageQuery) ([]*core.Message, bool, error)
	Visitor(ctx context.Context, projectID, visitorID string) (*core.Visitor, error)
	WriteSession(ctx context.Context, projectID, sessionID string, w io.Writer, link func(*core.Attachment) string) error
	WriteVisitor(ctx context.Context, projectID, visitorID string, w io.Writer, link func(*core.Attachment) string) error
	EraseVisitor(ctx context.Context, projectID, visitorID string) (*core.Erasure, error)

	Backlogs(ctx context.Context) ([]core.Backlog, error)
	DeadLetters(ctx context.Context, q core.DeliveryQuery) ([]*core.DeadLetter, error)
	RetryDeadLetters(ctx context.Context, q core.DeliveryQuery) (int64, error)
	DropDeadLetters(ctx context.Context, q core.DeliveryQuery) (int64, error)

	Audit(ctx context.Context, e core.AuditEntry) error
	AuditLog(ctx context.Context, q core.AuditQuery) ([]*core.AuditEntry, string, error)
}

// Host runs the bridges and hooks.
type Host interface {
	// Restart ends the bridge's plugin and launches it again, at once.
	Restart(ctx context.Context, bridgeID string) error
	// LogTail are the last lines that the plugin has logged, the oldest first.
	LogTail(bridgeID string) []string
}

// Options are the parts that the pages work with. All but Host are required.
type Options struct {
	Chat   Chat
	Logins core.Logins
	Host   Host          // nil: nothing is run here
	Token  func() string // signs in as well as a link does; empty: links alone do
	Status func() []core.BridgeStatus
	// FileURL is a link to the attachment that works for a while.
	FileURL func(*core.Attachment) string
	// SameSite refuses what another site makes the admin's browser send.
	SameSite func(*http.Request) error
	// Try counts a try to sign in, and refuses it when there were too many.
	Try func(address string) error
	// OverTLS reports whether the browser has come over https, also by a named proxy.
	OverTLS func(*http.Request) bool
	URL     string // what people type to reach the server
	Log     *slog.Logger
	Now     func() time.Time
}

// Path is where the pages are.
const Path = "/admin"

type pages struct{ Options }

// Mount adds the pages to e.
func Mount(e *echo.Echo, o Options) {
	p := &pages{o}
	g := e.Group(Path, p.guard)
	g.GET("", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, Path+"/") })
	g.GET("/assets/:name", p.getAsset)
	g.GET("/sign-in", p.getSignIn)
	g.POST("/sign-in", p.postSignIn)
	g.POST("/sign-out", p.postSignOut)

	g.GET("/", p.own(p.getOverview))
	g.GET("/projects", p.own(p.getProjects))
	g.GET("/new-project", p.own(p.getNewProject))
	g.POST("/new-project", p.own(p.postNewProject))
	g.GET("/projects/:project", p.own(p.getProject))
	g.POST("/projects/:project", p.own(p.postProject))
	g.POST("/projects/:project/rotate", p.own(p.postRotate))
	g.POST("/projects/:project/remove", p.own(p.postRemove))

	g.GET("/sessions", p.own(p.getSessions))
	g.GET("/sessions/:project/messages.csv", p.own(p.getMessages))
	g.GET("/sessions/:project/:session", p.own(p.getSession))
	g.GET("/sessions/:project/:session/session.json", p.own(p.getSessionExport))
	g.GET("/sessions/:project/:session/messages.csv", p.own(p.getMessages))
	g.GET("/visitors/:project/:visitor/visitor.json", p.own(p.getVisitorExport))
	g.POST("/visitors/:project/:visitor/erase", p.own(p.postErase))

	g.GET("/plugins", p.own(p.getPlugins))
	g.GET("/plugins/:bridge", p.own(p.getPlugin))
	g.POST("/plugins/:bridge/restart", p.own(p.postRestart))
	g.POST("/plugins/:bridge/letters", p.own(p.postLetters))
	g.GET("/audit", p.own(p.getAudit))
	g.RouteNotFound("/*", p.own(func(c echo.Context) error {
		return core.Errorf(core.CodeNotFound, "There is no such page")
	}))
}

// policy lets the pages load their own style and script, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets the headers of all pages, and says what went wrong as a page.
func (p *pages) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin") // with less, a browser does not say where a form was sent from
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		err := next(c)
		if err != nil && !c.Response().Committed {
			return p.showError(c, err)
		}
		return err
	}
}
