package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// messagesPage is how many messages of a session a page shows.
const messagesPage = 200

type sessionView struct {
	sessionCard
	Days    []dayOfTalk
	Earlier string // address of what comes before; empty: nothing does
	Later   string // address of the newest; empty: they are here
	Facts   []setting
	PageURL string // of the site; empty: none that may be followed
}

// dayOfTalk is what was said on a day.
type dayOfTalk struct {
	Day   string
	Lines []said
}

// said is a message as the page shows it.
type said struct {
	*core.Message
	Who   string
	Quote string // of what it answers
	Files []file
}

// file is an attachment; without URL it is no longer kept.
type file struct{ Name, Size, URL string }

// theSession finds what the address names.
func (p *pages) theSession(c echo.Context, messages int) (*core.Project, *core.Session, error) {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return nil, nil, err
	}
	s, err := p.Chat.Session(c.Request().Context(), project.ID, c.Param("session"), messages)
	return project, s, err
}

func (p *pages) getSession(c echo.Context) error {
	_, s, err := p.theSession(c, 1)
	if err != nil {
		return err
	}
	card, err := p.cardOf(c.Request().Context(), s)
	if err != nil {
		return err
	}
	before, err := strconv.ParseInt("0"+c.QueryParam("before"), 10, 64)
	if err != nil {
		return core.Errorf(core.CodeInvalid, "before is a number")
	}
	messages, more, err := p.Chat.Transcript(c.Request().Context(), core.MessageQuery{ProjectID: s.ProjectID, SessionID: s.ID, Before: before, Limit: messagesPage})
	if err != nil {
		return err
	}
	v := sessionView{sessionCard: card, PageURL: webAddress(s.Metadata["url"])}
	here := Path + "/sessions/" + card.Slug + "/" + s.ID
	if more && len(messages) > 0 {
		v.Earlier = here + "?before=" + strconv.FormatInt(messages[0].Seq, 10)
	}
	if before > 0 {
		v.Later = here
	}
	if v.Days, err = p.talk(c.Request().Context(), card, messages); err != nil {
		return err
	}
	v.Facts = factsOf(s)
	return p.show(c, http.StatusOK, "session", page{Title: card.Name(), Nav: "sessions", Data: v})
}

// talk puts messages under their days.
func (p *pages) talk(ctx context.Context, card sessionCard, messages []*core.Message) ([]dayOfTalk, error) {
	texts := map[string]string{}
	for _, m := range messages {
		texts[m.ID] = preview(m)
	}
	var days []dayOfTalk
	for _, m := range messages {
		line := said{Message: m, Who: writer(card, m)}
		if m.ReplyTo != "" {
			if line.Quote = texts[m.ReplyTo]; line.Quote == "" {
				line.Quote = "an earlier message"
			}
		}
		for _, a := range m.Attachments {
			known := *a
			known.ProjectID = m.ProjectID
			f := file{Name: a.Name, Size: size(a.Size)}
			if !a.Expired {
				f.URL = p.FileURL(&known)
			}
			line.Files = append(line.Files, f)
		}
		if name := day(m.CreatedAt); len(days) == 0 || days[len(days)-1].Day != name {
			days = append(days, dayOfTalk{Day: name})
		}
		last := &days[len(days)-1]
		last.Lines = append(last.Lines, line)
	}
	return days, ctx.Err()
}

func writer(card sessionCard, m *core.Message) string {
	switch {
	case m.Sender == core.SenderVisitor:
		return card.Name()
	case m.Operator != "":
		return m.Operator
	case m.Author != nil && m.Author.Name != "":
		return m.Author.Name
	case m.Sender == core.SenderOperator:
		return "Operator"
	}
	return "PocketPing"
}

// webAddress is the address where it is one of the web, for nothing else may be followed.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// factNames are what a session may know of the browser, in the order in which it is told.
var factNames = []setting{
	{"title", "Title"}, {"referrer", "Came from"}, {"language", "Language"}, {"timezone", "Time zone"}, {"screen", "Screen"}, {"userAgent", "Browser"},
}

func factsOf(s *core.Session) []setting {
	var facts []setting
	for _, f := range factNames {
		if value := s.Metadata[f.Name]; value != "" {
			facts = append(facts, setting{f.Value, value})
		}
	}
	return facts
}

func (p *pages) postErase(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	id := c.Param("visitor")
	if c.FormValue("sure") != "yes" {
		v, err := p.Chat.Visitor(c.Request().Context(), project.ID, id)
		if err != nil {
			return err
		}
		return p.show(c, http.StatusOK, "confirm", page{Title: "Erase a visitor", Nav: "sessions", Data: confirmErase{project, v, nameOf(v), nil}})
	}
	e, err := p.Chat.EraseVisitor(c.Request().Context(), project.ID, id)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, "confirm", page{Title: "Erased", Nav: "sessions", Data: confirmErase{project, nil, "", e}})
}

type confirmErase struct {
	Project *core.Project
	Visitor *core.Visitor
	Name    string
	Erased  *core.Erasure // nil: not yet
}
