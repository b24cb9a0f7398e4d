package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	sessionsPage = 40
	maxSearch    = 200 // bytes
	previewLong  = 140 // characters
)

type sessionsView struct {
	Choices  []choice
	Project  string
	Search   string
	Status   string
	Sessions []sessionCard
	First    string // address of the first page; empty: this is it
	Next     string // address of the next page; empty: there is none
}

// sessionCard is a session in a list.
type sessionCard struct {
	*core.Session
	Slug, Project string
	Visitor       *core.Visitor
	Where         string // the page that it is on
	Last          string // the newest message
}

// Name is what the visitor is called.
func (s sessionCard) Name() string { return nameOf(s.Visitor) }

func nameOf(v *core.Visitor) string {
	if name := strings.TrimSpace(v.Name); name != "" {
		return name
	}
	if v.Email != "" {
		return v.Email
	}
	return "Visitor " + v.ID[max(0, len(v.ID)-5):]
}

func (p *pages) getSessions(c echo.Context) error {
	all := p.Chat.Projects().All()
	v := sessionsView{Project: c.QueryParam("project"), Search: strings.TrimSpace(c.QueryParam("q")), Status: c.QueryParam("status")}
	if len(v.Search) > maxSearch {
		return core.Errorf(core.CodeInvalid, "A search has at most %d bytes", maxSearch)
	}
	if !slices.Contains([]string{"", string(core.StatusActive), string(core.StatusClosed)}, v.Status) {
		return core.Errorf(core.CodeInvalid, "A session is active or closed")
	}
	q := core.SessionQuery{Status: core.Status(v.Status), Search: v.Search, Limit: sessionsPage, Cursor: c.QueryParam("cursor")}
	var current *core.Project
	for _, project := range all {
		if v.Project == "" || v.Project == project.Slug {
			q.ProjectIDs = append(q.ProjectIDs, project.ID)
		}
		if v.Project == project.Slug {
			current = project
		}
	}
	v.Choices = choices(all, current)
	sessions, next, err := p.Chat.Sessions(c.Request().Context(), q)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		card, err := p.cardOf(c.Request().Context(), s)
		if core.IsCode(err, core.CodeNotFound) {
			continue // erased meanwhile
		}
		if err != nil {
			return err
		}
		v.Sessions = append(v.Sessions, card)
	}
	if next != "" {
		v.Next = v.address(next)
	}
	if q.Cursor != "" {
		v.First = v.address("")
	}
	return p.show(c, http.StatusOK, "sessions", page{Title: "Sessions", Nav: "sessions", Data: v})
}

// address is that of a page of the same search.
func (v sessionsView) address(cursor string) string {
	q := url.Values{}
	for name, value := range map[string]string{"project": v.Project, "q": v.Search, "status": v.Status, "cursor": cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return Path + "/sessions?" + q.Encode()
}

func (p *pages) cardOf(ctx context.Context, s *core.Session) (sessionCard, error) {
	card := sessionCard{Session: s, Where: pageOf(s.Metadata["url"])}
	project, err := p.Chat.Projects().ByID(s.ProjectID)
	if err != nil {
		return card, err
	}
	card.Slug, card.Project = project.Slug, project.Name
	if card.Visitor, err = p.Chat.Visitor(ctx, s.ProjectID, s.VisitorID); err != nil {
		return card, err
	}
	last, _, err := p.Chat.Transcript(ctx, core.MessageQuery{ProjectID: s.ProjectID, SessionID: s.ID, Limit: 1})
	if len(last) > 0 {
		card.Last = preview(last[0])
	}
	return card, err
}

// pageOf is an address without its host, to be read.
func pageOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	if u.Path == "" {
		return "/"
	}
	return u.Path
}

func preview(m *core.Message) string {
	text := strings.Join(strings.Fields(m.Text), " ")
	if runes := []rune(text); len(runes) > previewLong {
		text = string(runes[:previewLong]) + "…"
	}
	switch {
	case !m.DeletedAt.IsZero():
		return "Message deleted"
	case text == "" && len(m.Attachments) > 0:
		text = m.Attachments[0].Name
	}
	if m.Note {
		return "Note: " + text
	}
	return text
}
