package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// projectCard is a project in a list.
type projectCard struct {
	*core.Project
	Online bool
	States []core.BridgeStatus
}

func cardOf(p *core.Project, online bool, status []core.BridgeStatus) projectCard {
	card := projectCard{Project: p, Online: online}
	for _, id := range p.Bridges {
		i := slices.IndexFunc(status, func(b core.BridgeStatus) bool { return b.ID == id })
		if i < 0 {
			card.States = append(card.States, core.BridgeStatus{ID: id, State: "stopped"})
		} else {
			card.States = append(card.States, status[i])
		}
	}
	return card
}

// project finds one by its slug.
func (p *pages) project(slug string) (*core.Project, error) {
	for _, project := range p.Chat.Projects().All() {
		if project.Slug == slug {
			return project, nil
		}
	}
	return nil, core.Errorf(core.CodeNotFound, "There is no project %q here", slug)
}

func (p *pages) getProjects(c echo.Context) error {
	var cards []projectCard
	status := p.Status()
	for _, project := range p.Chat.Projects().All() {
		cards = append(cards, cardOf(project, p.Chat.Online(project), status))
	}
	return p.show(c, http.StatusOK, "projects", page{Title: "Projects", Nav: "projects", Data: cards})
}

type projectPage struct {
	projectCard
	Embed    string
	OldKeys  []oldKey
	Settings []setting
	Form     projectForm
}

type oldKey struct {
	Kind  string
	Until core.Time
}

// setting is one of the widget's, as it is.
type setting struct{ Name, Value string }

func (p *pages) getProject(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	return p.showProject(c, http.StatusOK, project, formOf(project), page{})
}

func (p *pages) showProject(c echo.Context, status int, project *core.Project, form projectForm, about page) error {
	v := projectPage{
		projectCard: cardOf(project, p.Chat.Online(project), p.Status()), Form: form,
		Embed: fmt.Sprintf(`<script async src="%s/widget.js" data-key="%s"></script>`, p.URL, project.PublicKey),
	}
	for _, k := range project.OldKeys {
		if p.Now().Before(k.Until.Std()) {
			v.OldKeys = append(v.OldKeys, oldKey{keyNames[k.Kind], k.Until})
		}
	}
	v.Settings = settingsOf(&project.Widget)
	about.Title, about.Nav, about.Data = project.Name, "projects", v
	return p.show(c, status, "project", about)
}

var keyNames = map[string]string{core.KindSecretKey: "secret key", core.KindIdentity: "identity key"}

func (p *pages) postRotate(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	kind := c.FormValue("kind")
	hours, err := strconv.Atoi(c.FormValue("overlap"))
	if err != nil {
		return core.Errorf(core.CodeInvalid, "The overlap is a number of hours")
	}
	key, until, err := p.Chat.RotateKey(c.Request().Context(), project.ID, kind, time.Duration(hours)*time.Hour)
	if err != nil {
		return err
	}
	v := keysPage{Project: project, Keys: []newKey{{sentence(keyNames[kind]), key}}}
	v.Text = "The one before is refused from now on."
	if hours > 0 {
		v.Text = "The one before works until " + when(until) + " UTC."
	}
	return p.show(c, http.StatusOK, "keys", page{Title: "A new key", Nav: "projects", Data: v})
}

// keysPage shows keys, this once.
type keysPage struct {
	Project *core.Project
	Keys    []newKey
	Text    string
}

type newKey struct{ Name, Value string }

func (p *pages) postRemove(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.FormValue("name")) != project.Slug {
		return core.Errorf(core.CodeInvalid, "To remove the project with all its sessions, type its name: %s", project.Slug)
	}
	if err := p.Chat.RemoveProject(c.Request().Context(), project.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, Path+"/projects")
}
