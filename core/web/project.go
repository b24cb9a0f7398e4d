package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// projectView is a project as its back end, and who runs the server, see it.
type projectView struct {
	*core.Project
	Bridges []core.BridgeStatus `json:"bridges"`
	Online  bool                `json:"online"` // somebody answers now
	Embed   string              `json:"embed"`  // the line for its pages
	OldKeys []oldKey            `json:"oldKeys"`
}

// oldKey is a key that still works beside the one that replaced it.
type oldKey struct {
	Kind  string    `json:"kind"`
	Until core.Time `json:"until"`
}

func (s *Server) viewProject(p *core.Project) projectView {
	all := projectView{Project: p, Bridges: []core.BridgeStatus{}, Online: s.chat.Online(p), Embed: s.embed(p), OldKeys: []oldKey{}}
	for _, k := range p.OldKeys {
		for word, kind := range keyKinds {
			if k.Kind == kind && core.TimeOf(s.now()) < k.Until {
				all.OldKeys = append(all.OldKeys, oldKey{word, k.Until})
			}
		}
	}
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
	Name     *string         `json:"name"`
	Origins  *[]string       `json:"origins"`
	Identity *string         `json:"identity"`
	Widget   json.RawMessage `json:"widget"`
}

func (patch *projectPatch) apply(p *core.Project) error {
	if patch.Name != nil {
		p.Name = *patch.Name
	}
	if patch.Origins != nil {
		p.Origins = *patch.Origins
	}
	if patch.Identity != nil {
		p.Identity = *patch.Identity
	}
	return patchWidget(&p.Widget, patch.Widget)
}

func (s *Server) patchProject(c call) error {
	var patch projectPatch
	if err := c.strictly(&patch); err != nil {
		return err
	}
	p, err := s.chat.PatchProject(c.ctx(), c.project.ID, patch.apply)
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

// strictly reads the body of a request.
func (c call) strictly(into any) error {
	raw, err := c.body()
	if err != nil {
		return err
	}
	return strictly(raw, into)
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
