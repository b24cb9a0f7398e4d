package admin

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// lettersShown is how many dead letters of a plugin its page lists.
const lettersShown = 50

// letters are the dead letters of a bridge or hook.
type letters struct {
	Bridge string
	Total  int64
	Shown  []letter
	More   bool // than are shown
}

type letter struct {
	*core.DeadLetter
	Project string // its slug; empty: it is not served here
}

func (p *pages) lettersOf(ctx context.Context, bridgeID string) (letters, error) {
	v := letters{Bridge: bridgeID}
	found, err := p.Chat.DeadLetters(ctx, core.DeliveryQuery{BridgeID: bridgeID, Limit: lettersShown + 1})
	if err != nil || len(found) == 0 {
		return v, err
	}
	if v.Total = int64(len(found)); v.Total > lettersShown {
		found, v.More = found[:lettersShown], true
		backlogs, err := p.Chat.Backlogs(ctx)
		if err != nil {
			return v, err
		}
		for _, b := range backlogs {
			if b.BridgeID == bridgeID {
				v.Total = b.Dead
			}
		}
	}
	for _, l := range found {
		one := letter{DeadLetter: l}
		if project, err := p.Chat.Projects().ByID(l.ProjectID); err == nil {
			one.Project = project.Slug
		}
		v.Shown = append(v.Shown, one)
	}
	return v, nil
}

// postLetters has one dead letter, which the form names, or all of the plugin's tried
// again or dropped.
func (p *pages) postLetters(c echo.Context) (err error) {
	form := c.Request().PostForm
	q := core.DeliveryQuery{BridgeID: c.Param("bridge")}
	if id := form.Get("id"); id != "" {
		bridge := q.BridgeID
		if q.BridgeID, q.SessionID, q.Seq, err = core.ParseDeliveryID(id); err != nil || q.BridgeID != bridge {
			return core.Errorf(core.CodeInvalid, "There is no dead letter %q of %s", id, bridge)
		}
	}
	verb, change := "retried", p.Chat.RetryDeadLetters
	switch form.Get("do") {
	case "retry":
	case "drop":
		verb, change = "dropped", p.Chat.DropDeadLetters
	default:
		return core.Errorf(core.CodeInvalid, "Retry or drop? The form said neither")
	}
	if _, err := change(c.Request().Context(), q); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, Path+"/plugins/"+url.PathEscape(q.BridgeID)+"?done="+verb)
}
