package cli

import (
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/pocketping/pocketping/core/packages"
)

// ask is one thing that a plugin asks for; help is what it says of that.
type ask struct{ what, words, help string }

const everyEvent = "every one, with what visitors write"

// showAsks tells what a plugin asks for. Of another version of one that is installed, what
// was not asked for before is marked; before is nil where there is none to compare with.
func showAsks(line func(what, text string), asks, before *packages.Asks) {
	had, told := asked(before), events(before)
	mark := func(isNew bool) string {
		if before == nil || !isNew {
			return ""
		}
		return color.YellowString(" (new)")
	}
	for _, a := range asked(asks) {
		line(a.what, a.words+mark(!slices.ContainsFunc(had, a.same))+a.help)
	}
	var names []string
	for _, name := range events(asks) {
		names = append(names, name+mark(!slices.Contains(told, name) && !slices.Contains(told, everyEvent)))
	}
	line("Is told of", strings.Join(names, ", "))
}

func (a ask) same(b ask) bool { return a.what == b.what && a.words == b.words }

// asked are all things that a plugin asks for but the events.
func asked(asks *packages.Asks) (all []ask) {
	if asks == nil {
		return nil
	}
	for _, f := range asks.Fields {
		words := plain(f.Type)
		if f.Required {
			words += ", required"
		}
		if f.Secret {
			words += ", " + color.YellowString("a secret")
		}
		all = append(all, ask{"Field", plain(f.Name) + " (" + words + ")", " " + plain(f.Help)})
	}
	for _, p := range asks.PublicPaths {
		all = append(all, ask{what: "Open to all", words: "/plugins/<its bridge>" + plain(p)})
	}
	if asks.AsVisitor {
		all = append(all, ask{what: "Speaks", words: color.YellowString("as the visitor: what it receives is shown as their own words")})
	}
	return all
}

// events are those that a plugin asks to be told of.
func events(asks *packages.Asks) (names []string) {
	if asks == nil || len(asks.Events) == 0 {
		return []string{everyEvent}
	}
	for _, name := range asks.Events {
		names = append(names, plain(name))
	}
	return names
}
