package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a project may say of itself, in the configuration and over the API alike.
const (
	maxOrigins = 50
	maxAddress = 2048    // bytes
	maxLine    = 100     // characters of a line in the panel, and of a project's name
	maxText    = 1000    // characters of the welcome and of the consent
	maxPixels  = 1000    // from the side, and of corners
	maxWait    = 3600    // seconds
	maxWidget  = 8 << 10 // bytes of JSON
)

var (
	slugPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	hostPattern  = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	colorPattern = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)
	fontPattern  = regexp.MustCompile(`^[\p{L}\p{N} ,'"_-]{1,200}$`)
	pathPattern  = regexp.MustCompile(`^[/*][^\s]{0,199}$`)
	askPattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	wordPattern  = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,30}$`)

	// languages are those that the widget speaks.
	languages = []string{"en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr", "ar", "he", "ja", "zh", "ru", "uk"}
)

// FieldError is what is wrong with one field, by its name in JSON. The reason follows
// the name: "color" "must be a colour such as …".
type FieldError struct{ Field, Reason string }

// CheckSlug says what is wrong with a name that stands in ids.
func CheckSlug(s string) error {
	if !slugPattern.MatchString(s) {
		return errors.New("is no name: use lower-case letters, digits, - and _, 63 at most")
	}
	return nil
}

// CheckOrigin says what is wrong with one of a project's origins: see AllowsOrigin.
func CheckOrigin(s string) error {
	if s == "*" {
		return nil
	}
	u, err := url.Parse(strings.TrimSuffix(strings.Replace(s, "://*.", "://", 1), ":*"))
	switch {
	case err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || !hostPattern.MatchString(u.Hostname()) && net.ParseIP(u.Hostname()) == nil:
		return errors.New(`is no origin: write scheme and host, such as "https://acme.example", "https://*.acme.example" or "*"`)
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("is more than an origin: leave out what follows the host")
	}
	return nil
}

// check says what is wrong with settings that came over the API.
func (p *Project) check() error {
	p.Name = oneLine(p.Name)
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxLine {
		return Errorf(CodeInvalid, "name: 1 to %d characters", maxLine)
	}
	if len(p.Origins) > maxOrigins {
		return Errorf(CodeInvalid, "origins: at most %d", maxOrigins)
	}
	for _, o := range p.Origins {
		if err := CheckOrigin(o); err != nil {
			return Errorf(CodeInvalid, "origins: %q %v", o, err)
		}
	}
	if p.Identity != "" && !slices.Contains([]string{IdentityRequired, IdentityOptional, IdentityOff}, p.Identity) {
		return Errorf(CodeInvalid, `identity must be "required", "optional" or "off"`)
	}
	if raw, err := json.Marshal(p.Widget); err != nil || len(raw) > maxWidget {
		return Errorf(CodeTooLarge, "widget: its settings have at most %d bytes", maxWidget)
	}
	if wrong := p.Widget.Check(); len(wrong) > 0 {
		return Errorf(CodeInvalid, "widget.%s %s", wrong[0].Field, wrong[0].Reason)
	}
	return nil
}

// Check says what the widget could not use, and writes colours in one way.
func (w *Widget) Check() []FieldError {
	var wrong fieldErrors
	wrong.note("color", w.checkColor())
	wrong.note("dark", oneOf(w.Dark, "auto", "light", "dark"))
	wrong.note("position", oneOf(w.Position, "right", "left"))
	wrong.note("names", oneOf(w.Names, NamesTeam, NamesFirst, NamesFull))
	wrong.note("lang", oneOf(w.Lang, languages...))
	for name, n := range map[string]*int{"x": w.X, "y": w.Y, "radius": w.Radius} {
		if n != nil && (*n < 0 || *n > maxPixels) {
			wrong.note(name, fmt.Errorf("must be a whole number from 0 to %d", maxPixels))
		}
	}
	for name, d := range map[string]*float64{"delay": w.Delay, "autoOpen": w.AutoOpen} {
		if d != nil && (*d < 0 || *d > maxWait) {
			wrong.note(name, errors.New("must be an hour at most"))
		}
	}
	for name, s := range map[string]string{"operator": w.Operator, "title": w.Title, "reply": w.Reply, "away": w.Away, "placeholder": w.Placeholder} {
		wrong.note(name, checkText(s, maxLine))
	}
	wrong.note("welcome", checkText(w.Welcome, maxText))
	wrong.note("consent", checkText(w.Consent, maxText))
	wrong.note("icon", CheckPicture(w.Icon))
	wrong.note("avatar", CheckPicture(w.Avatar))
	if w.Font != "" && !fontPattern.MatchString(w.Font) {
		wrong.note("font", errors.New(`must be fonts as CSS names them, such as "Inter, system-ui, sans-serif"`))
	}
	wrong.note("show", each(w.Show, pathPattern, `is no path: write "/pricing", or "/shop/*" with * for anything`))
	wrong.note("hide", each(w.Hide, pathPattern, `is no path: write "/pricing", or "/shop/*" with * for anything`))
	wrong.note("ask", each(w.Ask, askPattern, `is no field: write "name", "email", or another name in lower-case letters, digits and _`))
	for name, word := range w.Strings {
		if !wordPattern.MatchString(name) {
			wrong.note("strings", fmt.Errorf("has %q, which is no name of a word: docs/widget.md lists them", name))
		} else if err := checkText(word, maxLine); err != nil {
			wrong.note("strings", fmt.Errorf("has %s, which %w", name, err))
		}
	}
	if w.Names == NamesTeam && w.Operator == "" {
		wrong.note("names", errors.New(`is "team", and the team has no name: say operator`))
	}
	return wrong.list()
}

// fieldErrors are what is wrong, once for each field.
type fieldErrors map[string]string

func (f *fieldErrors) note(field string, err error) {
	if err == nil {
		return
	}
	if *f == nil {
		*f = fieldErrors{}
	}
	(*f)[field] = err.Error()
}

func (f fieldErrors) list() []FieldError {
	var all []FieldError
	for _, field := range slices.Sorted(maps.Keys(f)) {
		all = append(all, FieldError{field, f[field]})
	}
	return all
}

func (w *Widget) checkColor() error {
	if w.Color == "" {
		return nil
	}
	if !colorPattern.MatchString(w.Color) {
		return errors.New(`must be a colour such as "#6366f1"`)
	}
	s := strings.ToLower(w.Color)
	if len(s) == 4 { // #rgb
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	w.Color = s
	return nil
}

// CheckPicture says what is wrong with the address of a picture, which pages of https
// are to load. None is right, too.
func CheckPicture(s string) error {
	u, err := url.Parse(s)
	local := err == nil && u.Scheme == "http" && u.Hostname() == "localhost"
	if s == "" || local && len(s) <= maxAddress {
		return nil
	}
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(s) > maxAddress {
		return errors.New(`must be the address of a picture that pages may load, such as "https://acme.example/olga.png"`)
	}
	return nil
}

// oneOf lets through nothing, or one of the words.
func oneOf(s string, words ...string) error {
	if s == "" || slices.Contains(words, s) {
		return nil
	}
	last := len(words) - 1
	return fmt.Errorf(`must be "%s" or %q; it is %q`, strings.Join(words[:last], `", "`), words[last], s)
}

// checkText lets through what a person reads, of so many characters at most.
func checkText(s string, most int) error {
	if utf8.RuneCountInString(s) > most {
		return fmt.Errorf("is too long: %d characters at most", most)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("holds a character that nobody can read")
	}
	return nil
}

// each looks at the words of a list with spaces between them.
func each(list string, pattern *regexp.Regexp, otherwise string) error {
	for _, word := range strings.Fields(list) {
		if !pattern.MatchString(word) {
			return fmt.Errorf("has %q, which %s", word, otherwise)
		}
	}
	return nil
}
