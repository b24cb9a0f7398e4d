package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	deliveriesPage = 50
	deliveriesMost = 200
)

// routeDeliveries adds the calls about what bridges and hooks are owed.
func (s *Server) routeDeliveries(e *echo.Echo) {
	e.GET("/v1/admin/deliveries", s.admin(s.getDeliveries))
	for verb, change := range map[string]changeLetters{"retry": s.chat.RetryDeadLetters, "drop": s.chat.DropDeadLetters} {
		e.POST("/v1/admin/deliveries/:bridge/"+verb, s.admin(changed(change)))
		e.POST("/v1/admin/deliveries/:bridge/:session/:seq/"+verb, s.admin(changed(change)))
	}
}

type changeLetters func(context.Context, core.DeliveryQuery) (int64, error)

// deliveryView is a delivery that waits, or a dead letter.
type deliveryView struct {
	ID        string         `json:"id"`
	BridgeID  string         `json:"bridge"`
	ProjectID string         `json:"projectId"`
	SessionID string         `json:"sessionId"`
	Seq       int64          `json:"seq"`
	Type      core.EventType `json:"type"`
	State     string         `json:"state"`
	At        core.Time      `json:"at"`
	Reason    string         `json:"reason,omitempty"`
}

const (
	deliveryWaiting = "waiting" // at is when the event happened
	deliveryDead    = "dead"    // at is since when, reason is why
	deliveryAgain   = "again"   // a dead letter that is about to be tried again
)

// deliveriesView is a page of deliveries, and what each bridge is owed as a whole.
type deliveriesView struct {
	Bridges    []core.Backlog `json:"bridges"`
	Deliveries []deliveryView `json:"deliveries"`
	Next       string         `json:"next,omitempty"`
}

// getDeliveries lists dead letters, or with state=waiting what is still to be delivered.
func (s *Server) getDeliveries(c echo.Context) error {
	limit, err := number(c, "limit", deliveriesPage)
	if err != nil {
		return err
	}
	most := int(min(max(limit, 1), deliveriesMost))
	q := core.DeliveryQuery{BridgeID: c.QueryParam("bridge"), SessionID: c.QueryParam("session"), After: c.QueryParam("cursor"), Limit: most + 1}
	list := s.deadLetters
	switch c.QueryParam("state") {
	case "", deliveryDead:
	case deliveryWaiting:
		list = s.waiting
	default:
		return core.Errorf(core.CodeInvalid, "state: dead or waiting")
	}
	var v deliveriesView
	if v.Deliveries, err = list(c.Request().Context(), q); err != nil {
		return err
	}
	if len(v.Deliveries) > most {
		v.Deliveries, v.Next = v.Deliveries[:most], v.Deliveries[most-1].ID
	}
	if v.Bridges, err = s.backlogs(c.Request().Context(), q.BridgeID); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, v)
}

// backlogs are of all bridges, or of the one that is named.
func (s *Server) backlogs(ctx context.Context, bridgeID string) ([]core.Backlog, error) {
	all, err := s.chat.Backlogs(ctx)
	found := []core.Backlog{}
	for _, b := range all {
		if bridgeID == "" || b.BridgeID == bridgeID {
			found = append(found, b)
		}
	}
	return found, err
}

func (s *Server) deadLetters(ctx context.Context, q core.DeliveryQuery) ([]deliveryView, error) {
	letters, err := s.chat.DeadLetters(ctx, q)
	views := []deliveryView{}
	for _, l := range letters {
		state := deliveryDead
		if l.Again {
			state = deliveryAgain
		}
		views = append(views, deliveryView{l.ID(), l.BridgeID, l.ProjectID, l.SessionID, l.Seq, l.Type, state, l.At, l.Reason})
	}
	return views, err
}

func (s *Server) waiting(ctx context.Context, q core.DeliveryQuery) ([]deliveryView, error) {
	owed, err := s.chat.OwedDeliveries(ctx, q)
	views := []deliveryView{}
	for _, d := range owed {
		views = append(views, deliveryView{d.ID(), d.BridgeID, d.ProjectID, d.SessionID, d.Seq, d.Type, deliveryWaiting, d.At, ""})
	}
	return views, err
}

// changed changes the letter that the path names, or all of its bridge.
func changed(change changeLetters) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		q := core.DeliveryQuery{BridgeID: c.Param("bridge")}
		if c.Param("session") != "" {
			_, q.SessionID, q.Seq, err = core.ParseDeliveryID(q.BridgeID + "/" + c.Param("session") + "/" + c.Param("seq"))
			if err != nil {
				return err
			}
		}
		n, err := change(c.Request().Context(), q)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]int64{"letters": n})
	}
}
