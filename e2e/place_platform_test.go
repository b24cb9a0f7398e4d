package e2e

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// telegramPlace is the session's topic.
type telegramPlace struct {
	*world
	topic int
	olga  *telegramtest.Operator
}

func (p *telegramPlace) name() string { return "telegram" }

func (p *telegramPlace) lines() []entry {
	var all []entry
	texts := map[int]string{}
	for _, m := range p.telegram.State().In(p.topic) {
		var l entry
		if m.From.Bot {
			l = unhead(m.Text)
		} else {
			l = entry{who: m.From.Name, text: m.Text, raw: m.Text}
		}
		texts[m.ID] = l.text
		l.id = strconv.Itoa(m.ID)
		if m.ReplyTo != 0 {
			l.reply = texts[m.ReplyTo]
		}
		if m.File != nil {
			l.file = m.File.Name
		}
		all = append(all, l)
	}
	return all
}

func (p *telegramPlace) closed() bool { return p.telegram.State().Topic(p.topic).Closed }

func message(id string) int {
	n, _ := strconv.Atoi(id) // the place made it
	return n
}

func (p *telegramPlace) say(text, replyTo string) string {
	if replyTo != "" {
		return strconv.Itoa(p.olga.Reply(message(replyTo), text))
	}
	return strconv.Itoa(p.olga.Message(p.topic, text))
}

func (p *telegramPlace) edit(id, text string) { p.olga.Edit(message(id), text) }

func (p *telegramPlace) remove(id string) { p.olga.Reply(message(id), "/del") }

func (p *telegramPlace) file(name string, data []byte, text string) string {
	return strconv.Itoa(p.olga.Document(p.topic, name, "application/pdf", data, text))
}

func (p *telegramPlace) note(text string) string {
	return strconv.Itoa(p.olga.Message(p.topic, "/note "+text))
}

func (p *telegramPlace) close() { p.olga.CloseTopic(p.topic) }

func (p *telegramPlace) reopen() { p.olga.ReopenTopic(p.topic) }

func (p *telegramPlace) how(action string) (string, bool) {
	if action == "delete" {
		return "by /del", true
	}
	return "", true
}

// discordPlace is the session's forum post.
type discordPlace struct {
	*world
	thread string
	olga   *discordtest.Operator
}

func (p *discordPlace) name() string { return "discord" }

func (p *discordPlace) lines() []entry {
	var all []entry
	texts := map[string]string{}
	for _, m := range p.discord.State().In(p.thread) {
		l := entry{who: m.Author.Name, text: m.Content, raw: m.Content}
		if m.Author.Bot {
			l = unhead(discordtest.Render(m.Content).Text)
		}
		l.id = m.ID
		texts[m.ID] = l.text
		if m.ReplyTo != "" {
			l.reply = texts[m.ReplyTo]
		}
		if len(m.Files) > 0 {
			l.file = m.Files[0].Name
		}
		all = append(all, l)
	}
	return all
}

func (p *discordPlace) closed() bool {
	t := p.discord.State().Thread(p.thread)
	return t.Archived && t.Locked
}

func (p *discordPlace) say(text, replyTo string) string {
	if replyTo != "" {
		return p.olga.Reply(replyTo, text)
	}
	return p.olga.Message(p.thread, text)
}

func (p *discordPlace) edit(id, text string) { p.olga.Edit(id, text) }

func (p *discordPlace) remove(id string) { p.olga.Delete(id) }

func (p *discordPlace) file(name string, data []byte, text string) string {
	return p.olga.File(p.thread, name, "application/pdf", data, text)
}

func (p *discordPlace) note(text string) string { return p.olga.Message(p.thread, "!note "+text) }

func (p *discordPlace) close() { p.olga.Close(p.thread) }

func (p *discordPlace) reopen() { p.olga.Reopen(p.thread) }

func (p *discordPlace) how(string) (string, bool) { return "", true }

// slackPlace is the session's thread in the channel.
type slackPlace struct {
	*world
	thread string // the parent's ts
	olga   *slacktest.Operator
}

func (p *slackPlace) name() string { return "slack" }

func (p *slackPlace) lines() []entry {
	var all []entry
	for _, m := range p.slack.State().In(p.thread) {
		l := entry{id: m.TS, who: m.Author, text: m.Rendered.Text, raw: m.Rendered.Text}
		if m.Own {
			l.text, l.note = strings.CutPrefix(l.text, "📝 Note: ")
			l.text, l.reply = unquote(l.text)
			l.who = strings.Split(m.Username, " (")[0]
		}
		if len(m.Files) > 0 {
			l.file = m.Files[0].Name
		}
		all = append(all, l)
	}
	return all
}

func (p *slackPlace) closed() bool {
	return strings.Contains(p.slack.State().Message(p.thread).Rendered.Text, "· closed")
}

func (p *slackPlace) say(text, _ string) string { return p.olga.Message(p.thread, text) }

func (p *slackPlace) edit(id, text string) { p.olga.Edit(id, text) }

func (p *slackPlace) remove(id string) { p.olga.Delete(id) }

func (p *slackPlace) file(name string, data []byte, text string) string {
	return p.olga.File(p.thread, name, "application/pdf", data, text)
}

func (p *slackPlace) note(text string) string { return p.olga.Message(p.thread, "!note "+text) }

func (p *slackPlace) button(label string) {
	for _, b := range p.slack.State().Message(p.thread).Rendered.Buttons {
		if b.Text == label {
			p.olga.Click(p.thread, b.ActionID)
			return
		}
	}
	p.t.Fatalf("the card in Slack has no button %q", label)
}

func (p *slackPlace) close() { p.button("Close") }

func (p *slackPlace) reopen() { p.button("Reopen") }

func (p *slackPlace) how(action string) (string, bool) {
	switch action {
	case "reply":
		return "Slack's threads are flat", false
	case "shown reply":
		return "as a quote", true
	case "close", "reopen":
		return "by the card's button", true
	}
	return "", true
}

// everyPlace opens a session as the visitor, and answers with the six places that
// take part in it.
func (w *world) everyPlace() []place {
	w.t.Helper()
	v := w.visitorNamed("Anna")
	<-v.Post(w.t.Context(), "Do you ship to Norway?").Acked
	session := v.State().SessionID
	telegram := w.telegram.WaitFor(w.t, func(s telegramtest.State) bool { return len(s.Topics) > 0 && len(s.In(s.Topics[0].ID)) > 1 })
	discord := w.discord.WaitFor(w.t, func(s discordtest.State) bool { return len(s.Threads) > 0 && len(s.In(s.Threads[0].ID)) > 1 })
	slack := w.slack.WaitFor(w.t, func(s slacktest.State) bool { return len(s.Parents) > 0 && len(s.In(s.Parents[0].TS)) > 0 })
	places := []place{
		&telegramPlace{w, telegram.Topics[0].ID, w.telegram.Operator("Olga")},
		&discordPlace{w, discord.Threads[0].ID, w.discord.Operator("Olga")},
		&slackPlace{w, slack.Parents[0].TS, w.slackOperator("Olga")},
		&inboxPlace{w, session, w.signIn()},
		&pagePlace{w, v},
		&apiPlace{w, session},
	}
	for _, p := range places {
		w.eventually(p.name()+" to show the first message", func() bool {
			_, ok := find(p, "Do you ship to Norway?")
			return ok
		})
	}
	return places
}

// slackOperator shows the same name as the person has elsewhere.
func (w *world) slackOperator(name string) *slacktest.Operator {
	o := w.slack.Operator(name)
	o.SetProfile(name, name, "https://avatars.example/"+name+".png")
	return o
}

func names(places []place) []string {
	all := make([]string, len(places))
	for i, p := range places {
		all[i] = p.name()
	}
	return slices.Clone(all)
}
