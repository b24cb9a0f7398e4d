package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/pocketping/pocketping/core"
)

// leastKept is for how long everything is kept: whoever is in a session now is not to
// lose it.
const leastKept = 24 * time.Hour

func (p *Project) readRetention(parent *block) {
	parent.one("retention", func(b *block) {
		p.Retention = core.Retention{Sessions: parsed(b, "sessions", 0, parseKept), Files: parsed(b, "files", 0, parseKept)}
	})
}

func parseKept(s string) (time.Duration, error) {
	d, err := core.ParseDuration(s)
	if err == nil && d < leastKept {
		err = fmt.Errorf(`must be a day at least, such as "90d"; leave it out to keep for ever; it is %q`, s)
	}
	return d, err
}

// Reminder says when operators are told of a visitor whom nobody answers.
type Reminder struct {
	After    time.Duration
	Escalate time.Duration // zero: never
	To       string        // id of the bridge that is told then; empty: all
	Operator string        // slug of whom that mentions; empty: nobody

	at map[string]hcl.Range // of the fields that name something
}

func (p *Project) readReminder(parent *block) {
	parent.one("reminder", func(b *block) {
		r := &Reminder{
			After: parsed(b, "after", 0, parseWait), Escalate: parsed(b, "escalate", 0, parseWait),
			To: b.str("to", "", checkFilled), Operator: b.str("operator", "", checkFilled), at: map[string]hcl.Range{},
		}
		given := func(field string) bool {
			attr := b.body.Attributes[field]
			if attr != nil {
				r.at[field] = attr.SrcRange
			}
			return attr != nil
		}
		after, escalate, to, operator := given("after"), given("escalate"), given("to"), given("operator")
		switch {
		case b.at == parent.at: // there is no such block
			return
		case !after:
			b.wrong(b.at, `after is missing: say how long a visitor may wait, such as after = "10m"`)
		case escalate && !to && !operator:
			b.wrong(r.at["escalate"], `escalate needs to = "…", a bridge, or operator = "…", somebody to mention`)
		case (to || operator) && !escalate:
			b.wrong(b.at, `escalate is missing: say when, such as escalate = "30m"`)
		case escalate && r.Escalate > 0 && r.Escalate <= r.After:
			b.wrong(r.at["escalate"], "escalate must be longer than after: both count from the visitor's message")
		}
		p.Reminder = r
	})
}

func parseWait(s string) (time.Duration, error) {
	d, err := core.ParseDuration(s)
	if err == nil && d < time.Second {
		err = errors.New("must be a second at least")
	}
	return d, err
}

// checkReminders finds what reminders name, and the bridges on standby that none does.
func (r *reader) checkReminders(c *Config) {
	named := map[string]bool{}
	for _, p := range c.Projects {
		rem := p.Reminder
		if rem == nil {
			continue
		}
		title := fmt.Sprintf("project %q: reminder", p.Slug)
		if at, ok := rem.at["operator"]; ok && p.operator(rem.Operator) == nil {
			var slugs []string
			for _, o := range p.Operators {
				slugs = append(slugs, o.Slug)
			}
			r.diags.add(at, "%s: no operator %q in the project%s", title, rem.Operator, didYouMean(rem.Operator, slugs))
		}
		if at, ok := rem.at["to"]; ok {
			b, names := c.bridgeOf(p.Slug, rem.To)
			if b == nil {
				r.diags.add(at, "%s: no bridge %q serves the project%s", title, rem.To, didYouMean(rem.To, names))
				continue
			}
			rem.To = b.ID
			named[b.ID] = true
		}
	}
	for _, b := range c.Bridges {
		if b.Standby && !named[b.ID] {
			r.diags.add(b.places["standby"], `%s: standby: no reminder escalates to it, so it would never be told of anything: add reminder { … to = %q } to a project`, b.title(), b.name)
		}
	}
}

// bridgeOf finds the bridge by its name in the file, the project's own first.
func (c *Config) bridgeOf(slug, name string) (found *Bridge, names []string) {
	for _, b := range c.Bridges {
		if b.Kind != KindBridge || !b.Serves(slug) {
			continue
		}
		names = append(names, b.name)
		if b.name == name && (found == nil || b.Project != "") {
			found = b
		}
	}
	return found, names
}

func (p *Project) operator(slug string) *Operator {
	if i := slices.IndexFunc(p.Operators, func(o *Operator) bool { return o.Slug == slug }); i >= 0 {
		return p.Operators[i]
	}
	return nil
}

// Care sets of the project how long things are kept, when operators are reminded, and
// what they see of tracked events, as the file says.
func (c *Config) Care(p *Project, project *core.Project) {
	project.Retention, project.Track = p.Retention, p.Track
	for _, b := range c.Bridges {
		switch {
		case !b.Serves(p.Slug):
		case b.Standby:
			project.Standby = append(project.Standby, b.ID)
		case b.Kind == KindHook:
			project.Hooks = append(project.Hooks, b.ID)
		}
	}
	rem := p.Reminder
	if rem == nil {
		return
	}
	project.Reminder = &core.Reminder{After: rem.After, Escalate: rem.Escalate, To: rem.To}
	if o := p.operator(rem.Operator); o != nil {
		project.Reminder.Name, project.Reminder.Mention = o.Name, o.IDs
		if o.Name == "" {
			project.Reminder.Name = o.Slug
		}
	}
}

func (p *Project) readTrack(parent *block) {
	parent.one("track", func(b *block) {
		p.Track = core.TrackRule{Show: b.strs("show", checkTracked), Hide: b.strs("hide", checkTracked)}
	})
}

// checkTracked lets through a name of an event, with * for anything.
func checkTracked(s string) error {
	if s == "" || len(s) > core.MaxEventName || s != strings.Join(strings.Fields(s), " ") {
		return fmt.Errorf(`is no name of an event: write "order_paid", or "order_*" with * for anything, %d bytes at most`, core.MaxEventName)
	}
	return nil
}
