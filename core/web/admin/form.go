package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// projectForm is what can be said of a project, as text.
type projectForm struct {
	Slug, Name, Origins, Identity string
	Fields                        []field
}

// field is one of the widget's settings in a form.
type field struct {
	Name, Label, Value, Kind, Hint string
	Words                          []string // to choose from
}

// fields are the settings that can be changed here; the API has the others too.
var fields = []field{
	{Name: "color", Label: "Colour", Kind: "text", Hint: "such as #4f46e5"},
	{Name: "operator", Label: "Name of the team", Kind: "text"},
	{Name: "title", Label: "Title", Kind: "text"},
	{Name: "welcome", Label: "Welcome", Kind: "area"},
	{Name: "placeholder", Label: "Placeholder", Kind: "text"},
	{Name: "reply", Label: "How soon you answer", Kind: "text"},
	{Name: "away", Label: "While you are away", Kind: "text"},
	{Name: "names", Label: "Who visitors see", Kind: "choice", Words: []string{"", core.NamesTeam, core.NamesFirst, core.NamesFull}},
	{Name: "position", Label: "Side", Kind: "choice", Words: []string{"", "right", "left"}},
	{Name: "dark", Label: "Dark", Kind: "choice", Words: []string{"", "auto", "light", "dark"}},
	{Name: "ask", Label: "Ask for", Kind: "text", Hint: "names of fields, such as: name email"},
}

// widgetValues are the settings that are made, by their names in JSON.
func widgetValues(w *core.Widget) map[string]any {
	values := map[string]any{}
	raw, err := json.Marshal(w)
	if err == nil {
		err = json.Unmarshal(raw, &values)
	}
	if err != nil {
		return nil // it has been JSON before
	}
	return values
}

func settingsOf(w *core.Widget) []setting {
	values := widgetValues(w)
	var all []setting
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text, ok := values[name].(string)
		if !ok {
			raw, _ := json.Marshal(values[name]) // it was JSON
			text = string(raw)
		}
		all = append(all, setting{name, text})
	}
	return all
}

func formOf(p *core.Project) projectForm {
	f := projectForm{Slug: p.Slug, Name: p.Name, Origins: strings.Join(p.Origins, "\n"), Identity: p.Identity}
	values := widgetValues(&p.Widget)
	for _, one := range fields {
		one.Value, _ = values[one.Name].(string)
		f.Fields = append(f.Fields, one)
	}
	return f
}

// formIn is what the form says.
func formIn(v url.Values) projectForm {
	f := projectForm{Slug: strings.TrimSpace(v.Get("slug")), Name: v.Get("name"), Origins: v.Get("origins"), Identity: v.Get("identity")}
	for _, one := range fields {
		one.Value = strings.TrimSpace(v.Get("widget." + one.Name))
		f.Fields = append(f.Fields, one)
	}
	return f
}

// applyTo changes the project as the form says.
func (f projectForm) applyTo(p *core.Project) error {
	p.Name, p.Origins, p.Identity = f.Name, strings.Fields(f.Origins), f.Identity
	values := map[string]string{}
	for _, one := range f.Fields {
		values[one.Name] = one.Value
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &p.Widget)
}

func (p *pages) postProject(c echo.Context) error {
	project, err := p.project(c.Param("project"))
	if err != nil {
		return err
	}
	form := formIn(c.Request().PostForm)
	form.Slug = project.Slug
	changed, err := p.Chat.PatchProject(c.Request().Context(), project.ID, form.applyTo)
	if core.IsCode(err, core.CodeInvalid) || core.IsCode(err, core.CodeTooLarge) {
		return p.showProject(c, http.StatusBadRequest, project, form, page{Wrong: sentence(core.AsError(err).Message)})
	}
	if err != nil {
		return err
	}
	return p.showProject(c, http.StatusOK, changed, formOf(changed), page{Done: "Saved. Pages take the new settings when they load the next time."})
}

func (p *pages) getNewProject(c echo.Context) error {
	return p.showNewProject(c, http.StatusOK, formOf(&core.Project{}), "")
}

func (p *pages) showNewProject(c echo.Context, status int, form projectForm, wrong string) error {
	return p.show(c, status, "newproject", page{Title: "New project", Nav: "projects", Wrong: wrong, Data: form})
}

func (p *pages) postNewProject(c echo.Context) error {
	form := formIn(c.Request().PostForm)
	var draft core.Project
	if err := form.applyTo(&draft); err != nil {
		return err
	}
	project, keys, err := p.Chat.AddProject(c.Request().Context(), core.ProjectDraft{
		Slug: form.Slug, Name: draft.Name, Origins: draft.Origins, Identity: draft.Identity, Widget: draft.Widget,
	})
	if e := core.AsError(err); err != nil && (e.Code == core.CodeInvalid || e.Code == core.CodeConflict || e.Code == core.CodeTooLarge) {
		return p.showNewProject(c, http.StatusBadRequest, form, sentence(e.Message))
	}
	if err != nil {
		return err
	}
	v := keysPage{Project: project, Text: fmt.Sprintf("%s is there. Its back end needs these keys; nobody can read them again.", project.Name)}
	v.Keys = []newKey{{"Secret key", keys.Secret}, {"Identity key", keys.Identity}}
	return p.show(c, http.StatusOK, "keys", page{Title: "Keys of " + project.Name, Nav: "projects", Data: v})
}
