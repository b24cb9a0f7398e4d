package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/pocketping/pocketping/core"
)

// readEvents reads which types of events a hook is told of: each by its name, or by a
// group such as "message.*". nil: all that its plugin takes.
func (b *Bridge) readEvents(blk *block, body *hclsyntax.Body) {
	names := blk.strs("events", checkEvent)
	switch {
	case names == nil:
		return
	case b.Kind != KindHook:
		blk.wrong(body.Attributes["events"].NameRange, "events belongs to a hook: a bridge shows its operators all that its platform can show")
		return
	case len(names) == 0:
		blk.wrong(body.Attributes["events"].NameRange, `events is empty: name what the hook is told of, such as "message.posted" or "session.*", or leave it out for everything`)
		return
	}
	b.Events = []string{}
	for _, kind := range core.EventTypes() {
		if slices.ContainsFunc(names, func(name string) bool { return named(name, string(kind)) }) {
			b.Events = append(b.Events, string(kind))
		}
	}
}

// named reports whether a name of the list means the type.
func named(name, kind string) bool {
	group, ok := strings.CutSuffix(name, ".*")
	return name == kind || ok && strings.HasPrefix(kind, group+".")
}

func checkEvent(name string) error {
	var known []string
	for _, kind := range core.EventTypes() {
		if named(name, string(kind)) {
			return nil
		}
		known = append(known, string(kind))
	}
	return errors.New("is no event" + didYouMean(name, known))
}
