package admin

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// pluginCard is a bridge or hook as the pages show it.
type pluginCard struct {
	core.BridgeStatus
	Lag      string   // how long the oldest delivery has waited; empty: none waits
	For      string   // how long it has been in its state
	Projects []string // that it serves
}

func (p *pages) pluginOf(b core.BridgeStatus) pluginCard {
	card := pluginCard{BridgeStatus: b, For: wait(p.Now().Sub(b.Since.Std()).Seconds())}
	if !b.Oldest.IsZero() {
		card.Lag = wait(max(0, p.Now().Sub(b.Oldest.Std()).Seconds()))
	}
	for _, project := range p.Chat.Projects().All() {
		if slices.Contains(project.Bridges, b.ID) {
			card.Projects = append(card.Projects, project.Name)
		}
	}
	return card
}

func (p *pages) getPlugins(c echo.Context) error {
	var cards []pluginCard
	for _, b := range p.Status() {
		cards = append(cards, p.pluginOf(b))
	}
	return p.show(c, http.StatusOK, "plugins", page{Title: "Plugins", Nav: "plugins", Data: cards})
}

type pluginPage struct {
	pluginCard
	Log     []string
	Runs    bool // here, so that it can be restarted
	Letters letters
}

// doneWords say what has just been done to a plugin, by the page's address.
var doneWords = map[string]string{
	"restarted": "Restarted. What is owed to it was kept.",
	"retried":   "It is tried again within seconds.",
	"dropped":   "Dropped. The messages stay in their sessions.",
}

func (p *pages) plugin(c echo.Context) (core.BridgeStatus, error) {
	for _, b := range p.Status() {
		if b.ID == c.Param("bridge") {
			return b, nil
		}
	}
	return core.BridgeStatus{}, core.Errorf(core.CodeNotFound, "There is no bridge or hook %q here", c.Param("bridge"))
}

func (p *pages) getPlugin(c echo.Context) error {
	b, err := p.plugin(c)
	if err != nil {
		return err
	}
	v := pluginPage{pluginCard: p.pluginOf(b), Runs: p.Host != nil}
	if v.Runs {
		v.Log = p.Host.LogTail(b.ID)
	}
	if v.Letters, err = p.lettersOf(c.Request().Context(), b.ID); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, "plugin", page{Title: b.ID, Nav: "plugins", Done: doneWords[c.QueryParam("done")], Data: v})
}

func (p *pages) postRestart(c echo.Context) error {
	b, err := p.plugin(c)
	if err != nil {
		return err
	}
	if p.Host == nil {
		return core.Errorf(core.CodeNotFound, "Nothing is run here")
	}
	if err := p.Host.Restart(c.Request().Context(), b.ID); err != nil {
		return err
	}
	if err := p.Chat.Audit(c.Request().Context(), core.AuditEntry{Action: "plugin.restarted", Subject: b.ID}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, Path+"/plugins/"+b.ID+"?done=restarted")
}

const auditPage = 100

type auditView struct {
	Entries []auditLine
	Next    string
	First   bool
}

type auditLine struct {
	*core.AuditEntry
	Project string
}

func (p *pages) getAudit(c echo.Context) error {
	cursor := c.QueryParam("cursor")
	entries, next, err := p.Chat.AuditLog(c.Request().Context(), core.AuditQuery{Limit: auditPage, Cursor: cursor})
	if err != nil {
		return err
	}
	v := auditView{Next: next, First: cursor == ""}
	for _, e := range entries {
		line := auditLine{AuditEntry: e, Project: e.ProjectID}
		if project, err := p.Chat.Projects().ByID(e.ProjectID); err == nil {
			line.Project = project.Slug
		}
		v.Entries = append(v.Entries, line)
	}
	return p.show(c, http.StatusOK, "audit", page{Title: "Audit log", Nav: "audit", Data: v})
}
