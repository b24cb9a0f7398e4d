package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// platform is a simulated one, as people see and use it.
type platform interface {
	name() string // the plugin's, too
	// since are all messages but the first n that were ever made.
	since(n int) []said
	// write has an operator post in the thread.
	write(thread, text string)
	// replay has each update come up to so many times, and out of order.
	replay(copies, window int)
	// fail has the bridge's calls fail in such a way by this chance, until healed.
	fail(f failure, chance float64) (heal func())
	// failed is how many calls failed so far, and how many of those were cut after they
	// had their effect, so that nobody knows of it.
	failed() (calls, secret int)
	// refuse has each call fail whose text has this, until healed.
	refuse(text string) (heal func())
	down()
	up() error
	close()
}

// said is a message that stands on a platform.
type said struct {
	thread string
	text   string
	gone   bool // it was deleted
	at     time.Time
}

// failure is a way in which a call fails.
type failure struct {
	status int            // the answer; 0: none
	wait   int            // seconds that a 429 asks for
	delay  time.Duration  // before anything else
	drop   simulator.Drop // when the connection is cut
}

const operator = "Olga"

type onTelegram struct{ *telegramtest.Server }

func (p onTelegram) name() string { return "telegram" }

func (p onTelegram) since(n int) (made []said) {
	for _, m := range p.Since(n) {
		made = append(made, said{strconv.Itoa(m.Topic), m.Text, m.Deleted, m.Date})
	}
	return made
}

func (p onTelegram) write(thread, text string) {
	topic, err := strconv.Atoi(thread)
	if err != nil {
		panic("chaos: " + err.Error()) // since wrote it
	}
	p.Operator(operator).Message(topic, text)
}

func (p onTelegram) replay(copies, window int) { p.Replay(copies, window) }

func (p onTelegram) fail(f failure, chance float64) func() {
	return p.Inject(telegramtest.Fault{Status: f.status, RetryAfter: f.wait, Delay: f.delay, Drop: f.drop, Chance: chance})
}

func (p onTelegram) failed() (calls, secret int) {
	return p.Faulted(nil), p.Faulted(func(f telegramtest.Fault) bool { return f.Drop == simulator.DropAfter })
}

func (p onTelegram) refuse(text string) func() {
	return p.Inject(telegramtest.Fault{Text: text, Status: http.StatusInternalServerError})
}

func (p onTelegram) down()     { p.Down() }
func (p onTelegram) up() error { p.Up(); return nil }

func (p onTelegram) close() { p.Close() }

type onDiscord struct{ *discordtest.Server }

func (p onDiscord) name() string { return "discord" }

func (p onDiscord) since(n int) (made []said) {
	for _, m := range p.Since(n) {
		made = append(made, said{m.Channel, m.Content, m.Deleted, m.Date})
	}
	return made
}

func (p onDiscord) write(thread, text string) { p.Operator(operator).Message(thread, text) }
func (p onDiscord) replay(copies, window int) { p.Replay(copies, window) }

func (p onDiscord) fail(f failure, chance float64) func() {
	return p.Inject(discordtest.Fault{Status: f.status, RetryAfter: time.Duration(f.wait) * time.Second, Delay: f.delay, Drop: f.drop, Chance: chance})
}

func (p onDiscord) failed() (calls, secret int) {
	return p.Faulted(nil), p.Faulted(func(f discordtest.Fault) bool { return f.Drop == simulator.DropAfter })
}

func (p onDiscord) refuse(text string) func() {
	return p.Inject(discordtest.Fault{Text: text, Status: http.StatusInternalServerError})
}

func (p onDiscord) down()     { p.Down() }
func (p onDiscord) up() error { p.Up(); return nil }

func (p onDiscord) close() { p.Close() }

type onSlack struct{ *slacktest.Server }

func (p onSlack) name() string { return "slack" }

func (p onSlack) since(n int) (made []said) {
	for _, m := range p.Since(n) {
		made = append(made, said{m.Thread, m.Text, m.Deleted, timeOfTS(m.TS)})
	}
	return made
}

func (p onSlack) write(thread, text string) { p.Operator(operator).Message(thread, text) }
func (p onSlack) replay(copies, window int) { p.Replay(copies, window) }

func (p onSlack) fail(f failure, chance float64) func() {
	fault := slacktest.Fault{Status: f.status, RetryAfter: f.wait, Delay: f.delay, Drop: f.drop, Chance: chance}
	if f.status == http.StatusTooManyRequests {
		fault.Status = 0 // it answers by itself, as when the quota is spent
	}
	return p.Inject(fault)
}

func (p onSlack) failed() (calls, secret int) {
	return p.Faulted(nil), p.Faulted(func(f slacktest.Fault) bool { return f.Drop == simulator.DropAfter })
}

func (p onSlack) refuse(text string) func() {
	return p.Inject(slacktest.Fault{Text: text, Status: http.StatusInternalServerError})
}

func (p onSlack) down()     { p.Down() }
func (p onSlack) up() error { return p.Up() }

func (p onSlack) close() { p.Close() }

// timeOfTS reads the moment in a message's name.
func timeOfTS(ts string) time.Time {
	seconds, err := strconv.ParseFloat(ts, 64)
	if err != nil {
		panic("chaos: " + err.Error()) // the simulator made it
	}
	return time.UnixMicro(int64(seconds * 1e6))
}
