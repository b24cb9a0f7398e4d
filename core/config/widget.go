package config

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/pocketping/pocketping/core"
)

// readWidget reads how the project presents itself. What is not set stays as the
// widget has it.
func (p *Project) readWidget(b *block) {
	p.Widget = core.Widget{
		Color: b.str("color", ""), Dark: b.str("dark", ""), Position: b.str("position", ""),
		X: b.whole("x"), Y: b.whole("y"), Radius: b.whole("radius"),
		Font: b.str("font", ""), Icon: b.str("icon", ""),

		Operator: b.str("operator", ""), Avatar: b.str("avatar", ""), Names: b.str("names", ""),
		Title: b.str("title", ""), Reply: b.str("reply", ""), Away: b.str("away", ""),
		Welcome: b.str("welcome", ""), Placeholder: b.str("placeholder", ""),
		Lang: b.str("lang", ""), Strings: b.words("strings"),

		Show: strings.Join(b.strs("show"), " "), Hide: strings.Join(b.strs("hide"), " "),
		Delay: b.wait("delay"), AutoOpen: b.wait("auto_open"),

		Consent: b.str("consent", ""), Ask: strings.Join(b.strs("ask"), " "), AskAfter: b.flag("ask_after"),
		AwayEmail: b.flag("away_email"), Rating: b.flag("rating"),
		Sound: b.flag("sound"), Files: b.flag("files"), Fingerprint: b.flag("fingerprint"),
	}
	if attr := b.body.Attributes["strings"]; attr != nil {
		p.words = attr.SrcRange
	}
	b.checked(p.Widget.Check())
	switch w := &p.Widget; {
	case w.Names == "" && w.Operator != "":
		w.Names = core.NamesTeam
	case w.Names == "":
		w.Names = core.NamesFirst
	}
}

// checked reports what the core finds wrong in fields, which it calls by their names in JSON.
func (b *block) checked(wrong []core.FieldError) {
	for _, e := range wrong {
		field := capital.ReplaceAllStringFunc(e.Field, func(c string) string { return "_" + strings.ToLower(c) })
		at := b.at
		if attr := b.body.Attributes[field]; attr != nil {
			at = attr.SrcRange
		}
		b.wrong(at, "%s %s", field, e.Reason)
	}
}

var capital = regexp.MustCompile(`[A-Z]`)

// whole reads a whole number; nil: it is absent or wrong.
func (b *block) whole(field string) *int {
	v, at, ok := b.value(field, cty.Number)
	if !ok {
		return nil
	}
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != big.Exact {
		b.wrong(at, "%s must be a whole number", field)
		return nil
	}
	whole := int(n)
	return &whole
}

// wait reads a time as seconds; nil: it is absent or wrong.
func (b *block) wait(field string) *float64 {
	return parsed(b, field, nil, func(s string) (*float64, error) {
		d, err := core.ParseDuration(s)
		if err != nil {
			return nil, err
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
	v, _, ok := b.value(field, cty.Map(cty.String))
	if !ok {
		return nil
	}
	words := map[string]string{}
	for name, word := range v.AsValueMap() {
		words[name] = word.AsString()
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
