package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a bare machine has no time zones of its own

	"github.com/pocketping/pocketping/core"
)

// Hours are when somebody answers a project's visitors.
type Hours struct {
	Zone string
	Week [7][]core.Span // from Sunday on
}

// Core is the hours with their time zone.
func (h *Hours) Core() *core.Hours {
	if h == nil {
		return nil
	}
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		panic(err) // it was checked as it was read
	}
	return &core.Hours{Zone: zone, Week: h.Week}
}

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var spanPattern = regexp.MustCompile(`^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$`)

func (p *Project) readHours(parent *block) {
	parent.one("hours", func(b *block) {
		h := &Hours{Zone: b.str("zone", "", checkZone)}
		days := 0
		for i, day := range weekdays {
			h.Week[i] = parsed(b, day, nil, parseSpans)
			if b.body.Attributes[day] != nil {
				days++
			}
		}
		away := b.str("away", "")
		switch {
		case b.at == parent.at: // there is no such block
			return
		case b.body.Attributes["zone"] == nil:
			b.wrong(b.at, `zone is missing: name the time zone of the hours, such as "Europe/Berlin"`)
		case days == 0:
			b.wrong(b.at, `no day is named: write when somebody answers, such as mon = "09:00-17:00"`)
		}
		if away != "" && p.Widget.Away != "" {
			b.wrong(b.body.Attributes["away"].SrcRange, "away stands in widget already: write it once")
		}
		if away != "" {
			b.checked((&core.Widget{Away: away}).Check())
			p.Widget.Away = away
		}
		p.Hours = h
	})
}

func checkZone(s string) error {
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return fmt.Errorf(`must be a time zone of the IANA's list, such as "Europe/Berlin" or "UTC"; it is %q`, s)
	}
	return nil
}

// parseSpans reads "09:00-12:30 13:30-17:00"; "" is a day on which nobody answers.
func parseSpans(s string) ([]core.Span, error) {
	spans := []core.Span{}
	for _, word := range strings.Fields(s) {
		m := spanPattern.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf(`must be hours, such as "09:00-12:30 13:30-17:00", or "" for a day off; it is %q`, s)
		}
		span := core.Span{From: minute(m[1], m[2]), To: minute(m[3], m[4])}
		switch {
		case span.From < 0 || span.To < 0:
			return nil, fmt.Errorf("%q is no time of a day: 00:00 to 24:00", word)
		case span.From >= span.To:
			return nil, fmt.Errorf("%q ends before it begins: write hours past midnight on both days, as -24:00 and 00:00-", word)
		case len(spans) > 0 && span.From < spans[len(spans)-1].To:
			return nil, fmt.Errorf("%q begins before the hours in front of it end", word)
		}
		spans = append(spans, span)
	}
	return spans, nil
}

// minute is the minute of the day, or -1.
func minute(hours, minutes string) int {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if m > 59 || h*60+m > 24*60 {
		return -1
	}
	return h*60 + m
}
