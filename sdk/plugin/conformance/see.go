package conformance

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// at is where the platform has the session: its thread, or the session itself for who
// has none.
func (t *talk) at() string {
	return cmp.Or(t.where(), t.info.GetId())
}

// seen is what people see of the session; ok: there is somebody who can look.
func (t *talk) seen(ctx context.Context) (seen []simulator.Seen, ok bool, err error) {
	if t.k.can("thread") != nil {
		return nil, false, nil
	}
	seen, err = t.k.driver.seen(ctx, t.at())
	return seen, true, err
}

// plain is a text without what platforms change in one: the space around its words, and
// what they write before what is no mention or markup.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200b' || r == '\u2060' || r == '\u2063' || r == '\ufeff' || r == '\\':
			return -1
		case r == '\u00a0' || r == '\n' || r == '\t' || r == '\r':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// count is how many messages of the thread say the text.
func count(seen []simulator.Seen, text string) (n int) {
	for _, s := range seen {
		if strings.Contains(plain(s.Text), plain(text)) || strings.Contains(s.Text, jsonOf(text)) {
			n++
		}
	}
	return n
}

// shows is an error unless people see the texts, in this order, each in one message; where
// nobody can look it is none.
func (t *talk) shows(ctx context.Context, texts ...string) error {
	seen, ok, err := t.seen(ctx)
	if !ok || err != nil || t.k.desc.GetAsVisitor() {
		return err
	}
	if t.k.driver.url != "" && len(seen) == 0 {
		return nil // a hook tells what it wants to
	}
	i := 0
	for _, s := range seen {
		for i < len(texts) && count([]simulator.Seen{s}, texts[i]) > 0 {
			i++
		}
	}
	switch {
	case i == len(texts):
		return nil
	case count(seen, texts[i]) > 0:
		return fmt.Errorf("the thread shows %.60q before what was said before it: %s", texts[i], show(seen))
	}
	return fmt.Errorf("the thread does not show %.60q: %s", texts[i], show(seen))
}

// once is an error when people see the text more often than so.
func (t *talk) atMost(ctx context.Context, most int, text string) (n int, err error) {
	seen, ok, err := t.seen(ctx)
	if !ok || err != nil || t.k.desc.GetAsVisitor() {
		return 1, err
	}
	if n = count(seen, text); n > most {
		return n, fmt.Errorf("the thread shows %.60q %d times: %s", text, n, show(seen))
	}
	return n, nil
}

func show(seen []simulator.Seen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages", len(seen))
	for i, s := range seen[max(0, len(seen)-6):] {
		if i == 0 {
			b.WriteString(", at its end ")
		} else {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%.60q", s.Text)
	}
	return b.String()
}

// until asks again until ok, which is about the platform or a process: there is nothing
// else to wait for.
func until(ctx context.Context, within time.Duration, what string, ok func() (bool, error)) error {
	late := time.Now().Add(within)
	for {
		done, err := ok()
		switch {
		case err != nil:
			return err
		case done:
			return nil
		case time.Now().After(late):
			return fmt.Errorf("waited %s in vain for %s", within, what)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the check's time is over while it waits for %s", what)
		}
	}
}
