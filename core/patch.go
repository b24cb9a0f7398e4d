package core

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxProjectName = 100
	maxOrigins     = 50
	maxWidget      = 8 << 10 // bytes of JSON
)

// PatchProject changes the settings of a project by change, which gets a copy of its own.
// A project that the configuration names is CodeForbidden: the file is the authority.
func (c *Chat) PatchProject(ctx context.Context, projectID string, change func(*Project) error) (*Project, error) {
	return c.projects.replace(projectID, func(old *Project) (*Project, error) {
		if !old.Editable {
			return nil, Errorf(CodeForbidden, "project %q stands in the server's configuration, which is the authority for it: change it there and reload", old.Slug)
		}
		p, err := old.copied()
		if err != nil {
			return nil, err
		}
		if err := change(p); err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, err
		}
		return p, c.store.SaveProject(context.WithoutCancel(ctx), p)
	})
}

// copied shares nothing with p that a patch may write to.
func (p *Project) copied() (*Project, error) {
	seen := *p
	seen.Origins, seen.Widget = slices.Clone(p.Origins), Widget{}
	raw, err := json.Marshal(p.Widget)
	if err != nil {
		return nil, err
	}
	return &seen, json.Unmarshal(raw, &seen.Widget)
}

// check says what is wrong with settings that came over the API.
func (p *Project) check() error {
	if p.Name = oneLine(p.Name); p.Name == "" || utf8.RuneCountInString(p.Name) > maxProjectName {
		return Errorf(CodeInvalid, "name: 1 to %d characters", maxProjectName)
	}
	if len(p.Origins) > maxOrigins {
		return Errorf(CodeInvalid, "origins: at most %d", maxOrigins)
	}
	for _, o := range p.Origins {
		if !isOrigin(o) {
			return Errorf(CodeInvalid, `origins: %q is none: write scheme and host, such as "https://acme.example", "https://*.acme.example" or "*"`, o)
		}
	}
	if raw, err := json.Marshal(p.Widget); err != nil || len(raw) > maxWidget {
		return Errorf(CodeTooLarge, "widget: its settings have at most %d bytes", maxWidget)
	}
	return p.Widget.check()
}

// isOrigin reports whether it is a scheme with a host, of which either may be a pattern.
func isOrigin(s string) bool {
	if s == "*" {
		return true
	}
	u, err := url.Parse(strings.TrimSuffix(strings.Replace(s, "://*.", "://", 1), ":*"))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		u.Path == "" && u.RawQuery == "" && u.Fragment == "" && !strings.ContainsAny(u.Host, "*\"'<> ")
}

// check says which setting the widget could not use.
func (w *Widget) check() error {
	for _, f := range []struct {
		name, value string
		words       []string
	}{
		{"dark", w.Dark, []string{"auto", "light", "dark"}}, {"position", w.Position, []string{"right", "left"}},
		{"names", w.Names, []string{NamesTeam, NamesFirst, NamesFull}},
	} {
		if f.value != "" && !slices.Contains(f.words, f.value) {
			return Errorf(CodeInvalid, "widget.%s: one of %s", f.name, strings.Join(f.words, ", "))
		}
	}
	if w.Color != "" && !isColor(w.Color) {
		return Errorf(CodeInvalid, `widget.color: a colour such as "#6366f1"`)
	}
	for name, address := range map[string]string{"icon": w.Icon, "avatar": w.Avatar} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
			return Errorf(CodeInvalid, "widget.%s: the https address of a picture", name)
		}
	}
	for name, n := range map[string]*int{"x": w.X, "y": w.Y, "radius": w.Radius} {
		if n != nil && (*n < 0 || *n > 1000) {
			return Errorf(CodeInvalid, "widget.%s: 0 to 1000 pixels", name)
		}
	}
	for name, d := range map[string]*float64{"delay": w.Delay, "autoOpen": w.AutoOpen} {
		if d != nil && (*d < 0 || *d > 3600) {
			return Errorf(CodeInvalid, "widget.%s: 0 to 3600 seconds", name)
		}
	}
	if strings.ContainsAny(w.Font, ";{}<>()\\") {
		return Errorf(CodeInvalid, `widget.font: fonts as CSS names them, such as "Inter, sans-serif"`)
	}
	return nil
}

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	return strings.Trim(s[1:], "0123456789abcdefABCDEF") == ""
}
