package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/pocketping/pocketping/core"
)

// Limits of what the widget is told: its settings are to fit in 1 KB.
const (
	maxAddress = 2048 // bytes
	maxLine    = 100  // characters of a line in the panel
	maxWords   = 1000 // characters of the welcome and of the consent
	maxPixels  = 1000
	maxWait    = time.Hour
)

var (
	fontPattern = regexp.MustCompile(`^[\p{L}\p{N} ,'"_-]{1,200}$`)
	pathPattern = regexp.MustCompile(`^[/*][^\s]{0,199}$`)
	askPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	wordPattern = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,30}$`)

	// languages are those that the widget speaks.
	languages = []string{"en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr", "ar", "he", "ja", "zh", "ru", "uk"}
)

// readWidget reads how the project presents itself. What is not set stays as the
// widget has it.
func (p *Project) readWidget(b *block) {
	p.Widget = core.Widget{
		Color: parsed(b, "color", "", parseColor), Dark: b.str("dark", "", oneOf("auto", "light", "dark")),
		Position: b.str("position", "", oneOf("right", "left")),
		X:        b.whole("x", maxPixels), Y: b.whole("y", maxPixels), Radius: b.whole("radius", maxPixels),
		Font: b.str("font", "", checkFont), Icon: b.str("icon", "", checkPicture),

		Operator: b.str("operator", "", checkWords(maxLine)), Avatar: b.str("avatar", "", checkPicture),
		Names: b.str("names", "", oneOf(core.NamesTeam, core.NamesFirst, core.NamesFull)),
		Title: b.str("title", "", checkWords(maxLine)), Reply: b.str("reply", "", checkWords(maxLine)), Away: b.str("away", "", checkWords(maxLine)),
		Welcome: b.str("welcome", "", checkWords(maxWords)), Placeholder: b.str("placeholder", "", checkWords(maxLine)),
		Lang: b.str("lang", "", oneOf(languages...)), Strings: b.words("strings"),

		Show: strings.Join(b.strs("show", checkPath), " "), Hide: strings.Join(b.strs("hide", checkPath), " "),
		Delay: b.wait("delay"), AutoOpen: b.wait("auto_open"),

		Consent: b.str("consent", "", checkWords(maxWords)), Ask: strings.Join(b.strs("ask", checkAsk), " "), AskAfter: b.flag("ask_after"),
		AwayEmail: b.flag("away_email"), Rating: b.flag("rating"),
		Sound: b.flag("sound"), Files: b.flag("files"), Fingerprint: b.flag("fingerprint"),
	}
	if attr := b.body.Attributes["strings"]; attr != nil {
		p.words = attr.SrcRange
	}
	w := &p.Widget
	switch {
	case w.Names == core.NamesTeam && w.Operator == "":
		b.wrong(b.body.Attributes["names"].SrcRange, `names is "team", and the team has no name: add operator = "…"`)
	case w.Names == "" && w.Operator != "":
		w.Names = core.NamesTeam
	case w.Names == "":
		w.Names = core.NamesFirst
	}
}

// whole reads a whole number from 0 to most; nil: it is absent or wrong.
func (b *block) whole(field string, most int) *int {
	v, at, ok := b.value(field, cty.Number)
	if !ok {
		return nil
	}
	n, _ := v.AsBigFloat().Int64()
	if !v.AsBigFloat().IsInt() || n < 0 || n > int64(most) {
		b.wrong(at, "%s must be a whole number from 0 to %d", field, most)
		return nil
	}
	whole := int(n)
	return &whole
}

// wait reads a time as seconds; nil: it is absent or wrong.
func (b *block) wait(field string) *float64 {
	return parsed(b, field, nil, func(s string) (*float64, error) {
		d, err := parseDuration(s)
		if err != nil {
			return nil, err
		}
		if d > maxWait {
			return nil, errors.New("must be an hour at most")
		}
		seconds := d.Seconds()
		return &seconds, nil
	})
}

// flag reads a switch; nil: it is absent or wrong.
func (b *block) flag(field string) *bool {
	v, _, ok := b.value(field, cty.Bool)
	if !ok {
		return nil
	}
	on := v.True()
	return &on
}

// words reads the project's own words, by the names of the widget's.
func (b *block) words(field string) map[string]string {
	v, at, ok := b.value(field, cty.Map(cty.String))
	if !ok {
		return nil
	}
	words := map[string]string{}
	for name, word := range v.AsValueMap() {
		words[name] = word.AsString()
		if !wordPattern.MatchString(name) {
			b.wrong(at, "%s: %q is no name of a word: docs/widget.md lists them", field, name)
		}
		if err := checkWords(maxLine)(words[name]); err != nil {
			b.wrong(at, "%s: %s %v", field, name, err)
		}
	}
	return words
}

// CheckWords reports what the projects say in place of words that the widget does not
// have; known are the names of those that it has.
func (c *Config) CheckWords(known []string) error {
	var ds Diagnostics
	for _, p := range c.Projects {
		for _, name := range slices.Sorted(maps.Keys(p.Widget.Strings)) {
			if !slices.Contains(known, name) {
				ds.add(p.words, "project %q: widget: strings: no word %q%s", p.Slug, name, didYouMean(name, known))
			}
		}
	}
	return ds.err()
}

// oneOf checks that a text is one of those.
func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = fmt.Sprintf("%q", w)
		}
		last := len(quoted) - 1
		return fmt.Errorf("must be %s or %s; it is %q", strings.Join(quoted[:last], ", "), quoted[last], s)
	}
}

// checkWords lets through what a person reads, of so many characters at most.
func checkWords(most int) func(string) error {
	return func(s string) error {
		if utf8.RuneCountInString(s) > most {
			return fmt.Errorf("is too long: %d characters at most", most)
		}
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			return errors.New("holds a character that nobody can read")
		}
		return nil
	}
}

func parseColor(s string) (string, error) {
	if !colorPattern.MatchString(s) {
		return "", errors.New(`must be a colour such as "#6366f1"`)
	}
	if len(s) == 4 { // #rgb
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	return strings.ToLower(s), nil
}

func checkFont(s string) error {
	if !fontPattern.MatchString(s) {
		return errors.New(`must be fonts as CSS names them, such as "Inter, system-ui, sans-serif"`)
	}
	return nil
}

func checkPath(s string) error {
	if !pathPattern.MatchString(s) {
		return errors.New(`is no path: write "/pricing", or "/shop/*" with * for anything`)
	}
	return nil
}

func checkAsk(s string) error {
	if !askPattern.MatchString(s) {
		return errors.New(`is no field: write "name", "email", or another name in lower-case letters, digits and _`)
	}
	return nil
}

// checkPicture lets through the address of a picture that pages of https may load.
func checkPicture(s string) error {
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
