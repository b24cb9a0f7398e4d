package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"golang.org/x/sync/errgroup"
)

const (
	outageVisitors = 20
	outageRate     = 40 // posts per second over all visitors
	outageRound    = 10 * time.Second
	outageRounds   = 6 // with Discord down, and as many with it up: a minute each
	outageArrive   = 30 * time.Second
)

// platforms are the three simulators, which note when something arrives.
type platforms struct {
	telegram *telegramtest.Server
	discord  *discordtest.Server
	slack    *slacktest.Server
}

// measureOutage times posts until they stand in Telegram and in Slack, with Discord
// up and with Discord down, in turns. It fails when Discord lacks anything at the end.
func measureOutage(ctx context.Context, l lab) ([]Figure, error) {
	p := platforms{telegramtest.NewServer(), discordtest.NewServer(discordtest.WithoutLimits()), slacktest.NewServer()}
	defer p.telegram.Close()
	defer p.discord.Close()
	defer p.slack.Close()
	core, err := harness.New(l.bins, l.dir, config(harness.Platforms{Telegram: p.telegram, Discord: p.discord, Slack: p.slack}.Bridges()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = core.Stop() }()
	if err := core.Start(ctx); err != nil {
		return nil, err
	}
	pages, err := openPages(ctx, core.URL, outageVisitors)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		go page.drain(ctx)
	}
	due := &posted{at: map[string]time.Time{}}
	for round := range 2*outageRounds + 1 {
		if round > 0 && round%2 == 0 {
			p.discord.Down()
		}
		if err := due.round(ctx, round, pages); err != nil {
			return nil, err
		}
		if err := p.wait(due.count(), p.telegramTimes, p.slackTimes); err != nil {
			return nil, err
		}
		if round > 0 && round%2 == 0 {
			p.discord.Up()
		}
	}
	if err := p.wait(due.count(), p.discordTimes); err != nil {
		return nil, fmt.Errorf("Discord's backlog: %w", err)
	}
	return p.figures(due), nil
}

// drain reads what the page is told, so that nothing piles up.
func (p *page) drain(ctx context.Context) {
	for {
		if _, err := p.read(ctx); err != nil {
			return
		}
	}
}

// posted is when each text was due.
type posted struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (d *posted) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.at)
}

// round posts on an even beat.
func (d *posted) round(ctx context.Context, round int, pages []*page) error {
	var g errgroup.Group
	step := time.Second * time.Duration(len(pages)) / outageRate
	start := time.Now().Add(100 * time.Millisecond)
	for i, page := range pages {
		g.Go(func() error {
			for k := range int(outageRound / step) {
				at := start.Add(step*time.Duration(k) + step*time.Duration(i)/time.Duration(len(pages)))
				time.Sleep(time.Until(at))
				text := fmt.Sprintf("post-%02d-%02d-%03d", round, i, k)
				d.mu.Lock()
				d.at[text] = at
				d.mu.Unlock()
				if err := page.write(ctx, fmt.Sprintf(`{"type":"post","id":%q,"text":%q}`, text, text)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func postedIn(text string) (string, bool) {
	i := strings.Index(text, "post-")
	if i < 0 || len(text) < i+len("post-00-00-000") {
		return "", false
	}
	return text[i : i+len("post-00-00-000")], true
}

func (p platforms) telegramTimes() map[string]time.Time {
	times := map[string]time.Time{}
	for _, m := range p.telegram.State().Messages {
		if text, ok := postedIn(m.Text); ok {
			times[text] = m.Date
		}
	}
	return times
}

func (p platforms) slackTimes() map[string]time.Time {
	times := map[string]time.Time{}
	for _, m := range p.slack.State().Messages {
		if text, ok := postedIn(m.Rendered.Text); ok {
			seconds, micros, _ := strings.Cut(m.TS, ".")
			s, _ := strconv.ParseInt(seconds, 10, 64) // the simulator wrote both
			us, _ := strconv.ParseInt(micros, 10, 64)
			times[text] = time.Unix(s, us*1000)
		}
	}
	return times
}

func (p platforms) discordTimes() map[string]time.Time {
	times := map[string]time.Time{}
	for _, m := range p.discord.State().Messages {
		if text, ok := postedIn(strings.ReplaceAll(m.Content, `\`, "")); ok {
			times[text] = m.Date
		}
	}
	return times
}

// wait looks now and then whether so many posts have arrived.
func (p platforms) wait(n int, places ...func() map[string]time.Time) error {
	deadline := time.Now().Add(outageArrive)
	for _, place := range places {
		for len(place()) < n {
			if time.Now().After(deadline) {
				return errors.New("not everything arrives: " + fmt.Sprintf("%d of %d", len(place()), n))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

func (p platforms) figures(due *posted) []Figure {
	how := fmt.Sprintf("%d posts a second from %d visitors until they stand in the simulated platform; Discord down for %d rounds of %s; floor: the rounds between, with Discord up",
		outageRate, outageVisitors, outageRounds, outageRound)
	var figures []Figure
	for name, times := range map[string]map[string]time.Time{"Telegram": p.telegramTimes(), "Slack": p.slackTimes()} {
		var up, down []time.Duration
		for text, at := range due.at {
			round, _ := strconv.Atoi(text[len("post-"):][:2])
			switch took := times[text].Sub(at); {
			case round == 0: // it warms up
			case round%2 == 0:
				down = append(down, took)
			default:
				up = append(up, took)
			}
		}
		figures = append(figures,
			figure("post → "+name+" while Discord is down, p99", "ms", micros(quantile(down, 0.99))/1e3, micros(quantile(up, 0.99))/1e3, "≤ 1.1", how))
	}
	return figures
}
