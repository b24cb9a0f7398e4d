package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// routeAdmin adds the calls of who runs the server.
func (s *Server) routeAdmin(e *echo.Echo) {
	e.GET("/v1/admin/projects", s.admin(s.getProjects))
	e.POST("/v1/admin/projects", s.admin(s.postProject))
	e.GET("/v1/admin/projects/:id", s.admin(s.ofProject(s.getProject)))
	e.PATCH("/v1/admin/projects/:id", s.admin(s.ofProject(s.patchProject)))
	e.DELETE("/v1/admin/projects/:id", s.admin(s.ofProject(s.deleteProject)))
	e.POST("/v1/admin/projects/:id/keys", s.admin(s.ofProject(s.postKey)))
	e.POST("/v1/admin/reload", s.admin(s.postReload))
}

// ofProject finds the project that the path names.
func (s *Server) ofProject(next func(call) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		p, err := s.chat.Projects().ByID(c.Param("id"))
		if err != nil {
			return err
		}
		return next(call{c, p})
	}
}

func (s *Server) getProjects(c echo.Context) error {
	views := []projectView{}
	for _, p := range s.chat.Projects().All() {
		views = append(views, s.viewProject(p))
	}
	return c.JSON(http.StatusOK, map[string]any{"projects": views})
}

// newProject is what a project is made of.
type newProject struct {
	Slug string `json:"slug"`
	projectPatch
}

// madeProject is a project with its keys, which are shown this once.
type madeProject struct {
	projectView
	Keys core.Keys `json:"keys"`
}

func (s *Server) postProject(c echo.Context) error {
	var in newProject
	if err := (call{Context: c}).strictly(&in); err != nil {
		return err
	}
	draft := core.Project{Slug: in.Slug}
	if err := in.apply(&draft); err != nil {
		return err
	}
	p, keys, err := s.chat.AddProject(c.Request().Context(), core.ProjectDraft{
		Slug: draft.Slug, Name: draft.Name, Origins: draft.Origins, Identity: draft.Identity, Widget: draft.Widget,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, madeProject{s.viewProject(p), keys})
}

func (s *Server) deleteProject(c call) error {
	if err := s.chat.RemoveProject(c.ctx(), c.project.ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// keyKinds are the keys that are rotated, by what calls name them.
var keyKinds = map[string]string{"secret": core.KindSecretKey, "identity": core.KindIdentity}

// postKey gives the project another key, which is shown this once.
func (s *Server) postKey(c call) error {
	var in struct {
		Kind    string `json:"kind"`
		Overlap string `json:"overlap"`
	}
	if err := c.strictly(&in); err != nil {
		return err
	}
	overlap := core.KeyOverlap
	if in.Overlap != "" {
		var err error
		if overlap, err = core.ParseDuration(in.Overlap); err != nil {
			return core.Errorf(core.CodeInvalid, "overlap %v", err)
		}
	}
	key, until, err := s.chat.RotateKey(c.ctx(), c.project.ID, keyKinds[in.Kind], overlap)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"kind": in.Kind, "key": key, "oldUntil": until})
}

// postReload applies the configuration as SIGHUP does.
func (s *Server) postReload(c echo.Context) error {
	if s.o.Reload == nil {
		return core.Errorf(core.CodeNotFound, "this server has no configuration to read again")
	}
	applied, err := s.o.Reload(c.Request().Context())
	if err != nil {
		return core.Errorf(core.CodeInvalid, "nothing was changed: %s", err)
	}
	return c.JSON(http.StatusOK, applied)
}

// embed is the line that a project's pages need.
func (s *Server) embed(p *core.Project) string {
	return fmt.Sprintf(`<script async src="%s/widget.js" data-key="%s"></script>`, s.o.URL, p.PublicKey)
}
