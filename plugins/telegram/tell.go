package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// tell shows an event that is no message in a quiet line.
func (d *delivery) tell(ctx context.Context) error {
	words := says(d.e)
	if words == "" {
		return nil
	}
	for _, t := range plain(words).split() {
		var quiet text
		quiet.italic(t.body)
		err := d.call(ctx, func() error {
			_, err := d.api.sendText(ctx, sending{topic: d.topic, silent: true}, quiet)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// says puts an event into words; empty when there is nothing to say.
func says(e *plugin.Event) string {
	var data struct {
		Name    string
		Data    json.RawMessage
		Score   int
		Comment string
	}
	_ = json.Unmarshal(e.Data, &data) // what is missing is not said
	switch e.Type {
	case plugin.Notice:
		return calm(strings.TrimSpace(kit.Clean(e.Text())))
	case plugin.SessionRated:
		return strings.TrimSpace(fmt.Sprintf("The visitor's rating: %s %s", stars(data.Score), calm(kit.Clean(data.Comment))))
	case plugin.SessionClaimed:
		if name := kit.CleanName(data.Name); name != "" {
			return name + " takes this session"
		}
	case plugin.VisitorTracked:
		if name := line(data.Name); name != "" {
			return strings.TrimSpace("Event " + name + " " + calm(cutRunes(kit.Clean(string(data.Data)), maxValue)))
		}
	case plugin.MessageFailed:
		if e.Message != nil {
			return "Not delivered: " + line(e.Message.Text)
		}
	}
	return ""
}

func stars(score int) string {
	score = min(max(score, 0), 5)
	return strings.Repeat("★", score) + strings.Repeat("☆", 5-score)
}
