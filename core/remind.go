package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reminder says when operators are told of a visitor whom nobody answers. Both times
// count from the visitor's message, within the hours.
type Reminder struct {
	After    time.Duration
	Escalate time.Duration // zero: never
	To       string        // id of the bridge that is told then; empty: all
	Name     string        // of whom that mentions; empty: nobody
	Mention  []string      // their ids on the platforms
}

// How often a session that waits was told of.
const (
	reminded  = 1
	escalated = 2
)

const (
	remindAtOnce = 100       // sessions of a project
	remindBefore = time.Hour // longer than After, of who has waited since before the project had reminders
)

// Remind tells operators of the visitors who have waited too long, once for each time
// that they wait, however many nodes do it. While nobody is there nobody is told.
func (c *Chat) Remind(ctx context.Context) error {
	var errs []error
	for _, p := range c.projects.All() {
		if err := c.keepReminders(ctx, p); err != nil {
			errs = append(errs, err)
			continue
		}
		if p.Reminder == nil || !c.answering(p) {
			continue
		}
		if p.Reminder.Escalate > 0 {
			errs = append(errs, c.remindAll(ctx, p, p.Reminder.Escalate, escalated))
		}
		errs = append(errs, c.remindAll(ctx, p, p.Reminder.After, reminded))
	}
	return errors.Join(errs...)
}

// keepReminders keeps whether the project has reminders. Whoever was left without an answer
// long before it had is let be: most talks end with a visitor's thanks, and operators are
// not to hear of all of them at once.
func (c *Chat) keepReminders(ctx context.Context, p *Project) (err error) {
	has := p.Reminder != nil
	if kept, ok := c.reminders.Load(p.ID); ok && kept == has {
		return nil
	}
	if has {
		since := TimeOf(c.clock.Now().Std().Add(-p.Reminder.After - remindBefore))
		err = c.store.BeginReminders(ctx, p.ID, since, escalated)
	} else {
		err = c.store.EndReminders(ctx, p.ID)
	}
	if err == nil {
		c.reminders.Store(p.ID, has)
	}
	return err
}

// remindAll tells of those who have waited for so long.
func (c *Chat) remindAll(ctx context.Context, p *Project, wait time.Duration, stage int) error {
	now := c.clock.Now().Std()
	waiting, err := c.store.Waiting(ctx, p.ID, TimeOf(now.Add(-wait)), stage, remindAtOnce)
	if err != nil {
		return err
	}
	for _, s := range waiting {
		if p.Hours.Within(s.Waiting.Since.Std(), now, wait) < wait {
			return nil // who came later has waited for less
		}
		if err := c.remind(ctx, p, s.ID, s.Waiting.Seq, wait, stage); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chat) remind(ctx context.Context, p *Project, sessionID string, seq int64, wait time.Duration, stage int) error {
	_, err := c.commit(ctx, nil, func(ctx context.Context) (*Change, error) {
		s, err := c.store.Session(ctx, p.ID, sessionID)
		if err != nil || s.Waiting.Seq != seq || s.Waiting.Reminded >= stage {
			return nil, err // somebody has answered, or told of it
		}
		change := c.step(s)
		change.Remind = &Waiting{Seq: seq, Reminded: stage}
		if stage == reminded {
			change.Events = []Event{p.reminding(s, wait)}
			return change, nil
		}
		change.Events = p.escalating(s, wait)
		if to := p.Reminder.To; slices.Contains(p.Standby, to) && !slices.Contains(s.Escalated, to) {
			change.Escalate = &Escalation{Bridge: to, Upto: s.Seq}
			change.Escalate.Past, err = c.pastOf(ctx, p, s, to)
		}
		return change, err
	})
	if IsCode(err, CodeNotFound) {
		return nil // it was removed
	}
	return err
}

// pastOf is what the bridge would have been owed of the session.
func (c *Chat) pastOf(ctx context.Context, p *Project, s *Session, bridge string) (past []*Event, err error) {
	for after := int64(0); after < s.Seq; {
		events, err := c.store.Events(ctx, p.ID, s.ID, after, 0)
		if err != nil || len(events) == 0 {
			return past, err
		}
		for _, e := range events {
			after = e.Seq
			if name := tracked(e); e.Type != Notice && name != pageEvent && (name == "" || p.Track.shows(name)) {
				e.Owed = []string{bridge}
				past = append(past, e)
			}
		}
	}
	return past, nil
}

// reminding tells everybody who has the session, and calls who has claimed it.
func (p *Project) reminding(s *Session, wait time.Duration) Event {
	if s.Claim == nil {
		return loudNotice(fmt.Sprintf("This visitor has waited for an answer for %s", inWords(wait)), Mention{}, p.Bridges)
	}
	who := Mention{Name: s.Claim.Name, IDs: []string{s.Claim.ID}}
	if a := p.alias(s.Claim.ID); a != nil {
		who.IDs = a.IDs
	}
	return loudNotice(fmt.Sprintf("%s, this visitor has waited for your answer for %s", s.Claim.Name, inWords(wait)), who, p.Bridges)
}

// escalating tells the bridge that the session is escalated to, and the others that it is.
func (p *Project) escalating(s *Session, wait time.Duration) []Event {
	r := p.Reminder
	text := fmt.Sprintf("Nobody has answered this visitor for %s", inWords(wait))
	who := Mention{Name: r.Name, IDs: r.Mention}
	if r.Name != "" {
		text += ": " + r.Name + ", please answer"
	}
	if r.To == "" {
		return []Event{loudNotice(text, who, p.Bridges)}
	}
	others := without(p.Bridges, func(b string) bool { return b == r.To })
	passed := fmt.Sprintf("Nobody has answered this visitor for %s: %s", inWords(wait), r.To[strings.LastIndexByte(r.To, '.')+1:])
	if r.Name != "" {
		passed += " (" + r.Name + ")"
	}
	return []Event{loudNotice(text, who, []string{r.To}), loudNotice(passed+" is told now", Mention{}, others)}
}

// Mention is whom a notice calls, and nobody else: platforms let the id through that is
// one of theirs.
type Mention struct {
	Name string   `json:"name"`
	IDs  []string `json:"ids"`
}

// loudNotice is one that operators are to hear.
func loudNotice(text string, who Mention, bridges []string) Event {
	d := map[string]any{"text": text, "loud": true}
	if who.Name != "" {
		d["mention"] = who
	}
	return Event{Type: Notice, Data: data(d), Owed: bridges}
}

// inWords is a time as people say it: "10 minutes", "1 hour 30 minutes".
func inWords(d time.Duration) string {
	var words []string
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := d / unit.of; n > 0 {
			words = append(words, counted(int64(n), unit.name))
			d %= unit.of
		}
	}
	return strings.Join(words, " ")
}

// remindEvery is how often it is looked who waits: often enough for the shortest time.
func (c *Chat) remindEvery() time.Duration {
	every := presenceEvery
	for _, p := range c.projects.All() {
		if p.Reminder != nil {
			every = min(every, p.Reminder.After/4)
		}
	}
	return max(every, 100*time.Millisecond)
}
