package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// projectView is a project as its back end sees it.
type projectView struct {
	*core.Project
	Bridges []core.BridgeStatus `json:"bridges"`
	Online  bool                `json:"online"` // somebody answers now
}

func (s *Server) viewProject(p *core.Project) projectView {
	all := projectView{p, []core.BridgeStatus{}, s.chat.Online(p)}
	for _, b := range s.o.Status() {
		for _, id := range p.Bridges {
			if b.ID == id {
				all.Bridges = append(all.Bridges, b)
			}
		}
	}
	return all
}

func (s *Server) getProject(c call) error { return c.JSON(http.StatusOK, s.viewProject(c.project)) }

// projectPatch is what may change: a JSON merge patch, but for null, which changes
// nothing in a text.
type projectPatch struct {
	Name    *string         `json:"name"`
	Origins *[]string       `json:"origins"`
	Widget  json.RawMessage `json:"widget"`
}

func (s *Server) patchProject(c call) error {
	raw, err := c.body()
	if err != nil {
		return err
	}
	var patch projectPatch
	if err := strictly(raw, &patch); err != nil {
		return err
	}
	p, err := s.chat.PatchProject(c.ctx(), c.project.ID, func(p *core.Project) error {
		if patch.Name != nil {
			p.Name = *patch.Name
		}
		if patch.Origins != nil {
			p.Origins = *patch.Origins
		}
		return patchWidget(&p.Widget, patch.Widget)
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.viewProject(p))
}

// patchWidget changes what the JSON names.
func patchWidget(w *core.Widget, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	if err := strictly(raw, w); err != nil {
		return err
	}
	for name := range w.Strings {
		if !slices.Contains(WordNames(), name) {
			return core.Errorf(core.CodeInvalid, "widget.strings: the widget has no word %q: it has %s", name, strings.Join(WordNames(), ", "))
		}
	}
	return nil
}

// strictly reads JSON without fields that nobody knows: a typo would else change nothing
// and look as if it had.
func strictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return core.Errorf(core.CodeInvalid, "the body is not the JSON that is expected here: %s", err)
	}
	if d.More() {
		return core.Errorf(core.CodeInvalid, "the body is more than one JSON object")
	}
	return nil
}
