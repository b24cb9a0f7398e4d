package admin

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

func (p *pages) getSessionExport(c echo.Context) error {
	return p.export(c, c.Param("session"), p.Chat.WriteSession)
}

func (p *pages) getVisitorExport(c echo.Context) error {
	return p.export(c, c.Param("visitor"), p.Chat.WriteVisitor)
}

// export lets write answer with JSON to be saved. What fails once it has begun cuts the
// answer off, so that half of it is never taken for the whole.
func (p *pages) export(c echo.Context, id string, write func(ctx context.Context, projectID, id string, w io.Writer, link func(*core.Attachment) string) error) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	w := c.Response()
	download(c, id+".json")
	w.Header().Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	err = write(c.Request().Context(), project.ID, id, w, p.FileURL)
	if err != nil && w.Committed {
		p.Log.Error("an export was cut off", "project", project.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		w.Header().Del(echo.HeaderContentType)
		w.Header().Del(echo.HeaderContentDisposition)
	}
	return err
}

// exported notes what somebody takes away.
func (p *pages) exported(c echo.Context, what string, project *core.Project, id string) error {
	e := core.AuditEntry{ProjectID: project.ID, Action: what + ".exported"}
	if id != "" {
		e.Subject = core.AuditSubject(id)
	}
	return p.Chat.Audit(c.Request().Context(), e)
}

// plain keeps a name from ending what it stands in.
var plain = strings.NewReplacer(`"`, "", `\`, "", "\r", "", "\n", "")

// download makes the browser save the answer.
func download(c echo.Context, name string) {
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+plain.Replace(name)+`"`)
}

// columns are those of messages.csv.
var columns = []string{"session", "visitor", "name", "email", "time", "sender", "author", "via", "note", "text", "files"}

// getMessages writes the messages of a session, or of the whole project, a session at a
// time. What fails once it has begun cuts the answer off.
func (p *pages) getMessages(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	id := c.Param("session")
	var one *core.Session
	name, what := project.Slug+"-messages.csv", "messages"
	if id != "" {
		if one, err = p.Chat.Session(c.Request().Context(), project.ID, id, 1); err != nil {
			return err
		}
		name, what = id+".csv", "session"
	}
	if err := p.exported(c, what, project, id); err != nil {
		return err
	}
	download(c, name)
	c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	w := csv.NewWriter(c.Response())
	if err := w.Write(columns); err != nil {
		return err
	}
	if one != nil {
		err = p.writeMessages(c, w, one)
	} else {
		err = p.writeSessions(c, w, project)
	}
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	if err != nil {
		p.Log.Error("an export was cut off", "project", project.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (p *pages) writeSessions(c echo.Context, w *csv.Writer, project *core.Project) error {
	q := core.SessionQuery{ProjectIDs: []string{project.ID}, Limit: 200}
	for {
		sessions, next, err := p.Chat.Sessions(c.Request().Context(), q)
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if err := p.writeMessages(c, w, s); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

func (p *pages) writeMessages(c echo.Context, w *csv.Writer, s *core.Session) error {
	v, err := p.Chat.Visitor(c.Request().Context(), s.ProjectID, s.VisitorID)
	if core.IsCode(err, core.CodeNotFound) {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	card := sessionCard{Session: s, Visitor: v}
	q := core.MessageQuery{ProjectID: s.ProjectID, SessionID: s.ID, Oldest: true, Limit: 1000}
	for {
		messages, more, err := p.Chat.Transcript(c.Request().Context(), q)
		if err != nil {
			return err
		}
		for _, m := range messages {
			q.After = m.Seq
			if err := w.Write(record(card, m)); err != nil {
				return err
			}
		}
		if !more || len(messages) == 0 {
			return nil
		}
	}
}

func record(card sessionCard, m *core.Message) []string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	cells := []string{
		card.ID, card.VisitorID, card.Visitor.Name, card.Visitor.Email, m.CreatedAt.String(), string(m.Sender), writer(card, m), m.Via,
		strconv.FormatBool(m.Note), m.Text, strings.Join(names, " "),
	}
	for i := range cells {
		cells[i] = inert(cells[i])
	}
	return cells
}

// inert keeps a program for tables from taking a text for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
