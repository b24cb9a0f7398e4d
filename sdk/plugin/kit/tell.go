package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// tell shows an event that is no message in a line: a quiet one, unless the core wants
// operators to hear it.
func (d *delivery) tell(ctx context.Context) error {
	words, since := says(d.e), d.since() // nothing links what is told: each part may be there
	called, loud := d.called()
	for i, t := range (Text{{Italic, words}}).Split(d.Format.Text-roomToCall, d.Format.Measure) {
		if i == 0 {
			t = append(called, t...)
		}
		err := d.call(ctx, func(ctx context.Context) error {
			_, err := d.Platform.Send(ctx, Outgoing{
				Thread: d.where(), Text: t, Quiet: !loud, Key: d.key("told", d.e.Session.ID, d.e.Seq, i), Since: since,
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	bell       = "🔔 "
	roomToCall = 40 // for whoever is mentioned, or the bell
)

// called is what a loud notice begins with: whom it mentions, by the id that is one of
// the platform's, or a bell.
func (d *delivery) called() (begin Text, loud bool) {
	var data struct {
		Loud    bool
		Mention struct{ IDs []string }
	}
	if d.e.Type != plugin.Notice || json.Unmarshal(d.e.Data, &data) != nil || !data.Loud {
		return nil, false
	}
	if d.Format.IsUser != nil {
		if i := slices.IndexFunc(data.Mention.IDs, d.Format.IsUser); i >= 0 {
			return Text{{Call, data.Mention.IDs[i]}, {Plain, " "}}, true
		}
	}
	return Text{{Plain, bell}}, true
}

// says puts an event into words; empty when there is nothing to say.
func says(e *plugin.Event) string {
	var data struct {
		Name    string
		From    string
		Score   int
		Comment string
	}
	_ = json.Unmarshal(e.Data, &data) // what is missing is not said
	name := CleanName(data.Name)
	switch e.Type {
	case plugin.Notice:
		return strings.TrimSpace(Clean(e.Text()))
	case plugin.SessionRated:
		return strings.TrimSpace(fmt.Sprintf("The visitor's rating: %s %s", stars(data.Score), Clean(data.Comment)))
	case plugin.SessionClaimed:
		return claimed(name, CleanName(data.From))
	case plugin.SessionReleased:
		return strings.TrimSpace(name + " no longer answers this session alone")
	case plugin.VisitorTracked:
		return tracked(e.Data)
	case plugin.MessageFailed:
		if e.Message != nil {
			return "Not delivered: " + CleanName(e.Message.Text)
		}
	}
	return ""
}

// tracked is a line for each event that the page tracked; one that is the same as the
// one before is counted.
func tracked(raw json.RawMessage) string {
	type event struct {
		Name string
		Data json.RawMessage
	}
	var first struct {
		event
		More []event
	}
	_ = json.Unmarshal(raw, &first) // what is missing is not said
	var lines []string
	last, times := "", 0
	for _, e := range append([]event{first.event}, first.More...) {
		name := CleanName(e.Name)
		if name == "" {
			continue
		}
		line := strings.TrimSpace("Event " + name + " " + cutRunes(Clean(string(e.Data)), maxValue))
		if line == last {
			times++
			lines[len(lines)-1] = fmt.Sprintf("%s ×%d", line, times)
			continue
		}
		last, times = line, 1
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func claimed(name, from string) string {
	switch {
	case name == "":
		return ""
	case from != "":
		return name + " is answering, in place of " + from
	}
	return name + " is answering"
}

func stars(score int) string {
	score = min(max(score, 0), 5)
	return strings.Repeat("★", score) + strings.Repeat("☆", 5-score)
}
