package e2e

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core/store/pgtest"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// house is a server with everything that keeps something of a visitor: every bridge,
// mail, and a hook.
type house struct {
	*world
	database string
	acme     *side
	mails    *emailtest.Server
	told     *listener
}

func newHouse(t *testing.T, database string) *house {
	t.Helper()
	h := &house{database: database, acme: newSide("acme"), mails: emailtest.NewServer(), told: newListener(t), world: &world{
		t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience)),
		discord: discordtest.NewServer(discordtest.WithPatience(patience), discordtest.WithoutLimits()),
		slack:   slacktest.NewServer(slacktest.WithPatience(patience)),
	}}
	for _, end := range []func(){h.telegram.Close, h.discord.Close, h.slack.Close, h.mails.Close} {
		t.Cleanup(end)
	}
	h.launch(fmt.Sprintf(`
server   { listen = "{{listen}}" }
database { url = %q }
plugins  { dir = "{{plugins}}" }
files    { dir = "files" }
project "acme" {
%s%s
  bridge "inbox" {}
%s  hook "webhook" {
    url           = %q
    secret        = "the secret of acme's own hook"
    allow_private = true
  }
}
`, database, h.acme.keys(), h.platforms().Bridges(fmt.Sprintf("operators = [%q]", fmt.Sprint(h.telegram.Operator("Olga").ID()))), mailBlock(h.mails),
		h.told.url), append(h.platforms().Secrets(), mailSecret, h.acme.secret, h.acme.identity)...)
	return h
}

// topicOf waits for the visitor's topic.
func (h *house) topicOf(g *dweller) (topic int) {
	h.t.Helper()
	h.telegram.WaitFor(h.t, func(s telegramtest.State) bool {
		for _, m := range s.Messages {
			if strings.Contains(m.Text, "third "+g.mark) {
				topic = m.Topic
			}
		}
		return topic != 0
	})
	return topic
}

// lives adds what else is kept of who has talked: what operators did on platforms, a
// mail, and the answer to it.
func (h *house) lives(g *dweller) {
	h.t.Helper()
	olga, topic := h.telegram.Operator("Olga"), h.topicOf(g)
	olga.Message(topic, "over Telegram to "+g.mark)
	olga.Message(topic, "/note of "+g.mark)
	olga.Document(topic, "offer for "+g.mark+".txt", "text/plain", []byte("offered to "+g.mark), "a file for "+g.mark)
	h.telegram.Operator("Mallory").Message(topic, "may not answer "+g.mark)
	olga.Other(topic, "poll", map[string]any{"question": "Who is " + g.mark + "?"}) // nothing that the bridge understands
	var sent *mail.Message
	h.mails.WaitFor(h.t, func(s emailtest.State) bool {
		i := slices.IndexFunc(s.Mails, func(m emailtest.Mail) bool { return bytes.Contains(m.Raw, []byte("over Telegram to "+g.mark)) })
		if i >= 0 {
			sent, _ = mail.ReadMessage(bytes.NewReader(s.Mails[i].Raw)) // nil is seen below
		}
		return i >= 0
	})
	if sent == nil {
		h.t.Fatal("the mail cannot be read")
	}
	m := &mailed{world: h.world, mails: h.mails}
	m.answers(sent, "", "by mail from "+g.mark)
	m.shows("by mail from " + g.mark)
}

// exported wants all that is kept of the visitor in their export.
func (h *house) exported(g *dweller) {
	h.t.Helper()
	var raw json.RawMessage
	h.call(http.MethodGet, h.core.URL+"/v1/visitors/"+g.id+"/export", h.acme.backend(), nil, &raw)
	for _, what := range append([]string{
		"Name ", "edited ", "with a file ", "third ", "clicked ", "comment ", "operator ", "title ", "next ", "/next-", "from.example/", "1x1 ", "loose ", "file ",
		"over Telegram to ", "of ", "offer for ", "a file for ", "by mail from ", "",
	}, g.ids()...) {
		if word := what; !strings.Contains(string(raw), word) || !strings.Contains(what, "_") && !strings.Contains(string(raw), what+g.mark) {
			h.t.Errorf("the export does not have %q", word)
		}
	}
}

// rest waits until nothing is owed to anybody.
func (h *house) rest() {
	h.t.Helper()
	(&town{world: h.world, database: h.database}).rest()
}

func (h *house) erase(g *dweller) {
	h.t.Helper()
	var left struct {
		Threads []struct{ Bridge, Thread, Removal string }
	}
	h.call(http.MethodDelete, h.core.URL+"/v1/visitors/"+g.id, h.acme.backend(), nil, &left)
	var bridges []string
	for _, thread := range left.Threads {
		bridges = append(bridges, strings.TrimPrefix(thread.Bridge, "acme.")+": "+thread.Removal)
	}
	slices.Sort(bridges)
	if want := []string{"discord: pending", "email: left", "inbox: left", "slack: pending", "telegram: pending"}; !slices.Equal(bridges, want) {
		h.t.Errorf("what is left is said to stand on %q, want %q", bridges, want)
	}
}

// kept is where a word stands: rows, the database's files, and all other files.
func (h *house) kept(words []string) (found []string) {
	h.t.Helper()
	note := func(where, text string) {
		for _, word := range words {
			i := strings.Index(text, word)
			if i < 0 { // as pg_dump writes bytes
				i = strings.Index(text, hex.EncodeToString([]byte(word)))
			}
			if i >= 0 {
				found = append(found, fmt.Sprintf("%s in %s: …%q…", word, where, text[max(0, i-120):min(len(text), i+120)]))
			}
		}
	}
	if strings.HasPrefix(h.database, "sqlite:") {
		for _, row := range h.dump(h.database) {
			note("a row", row)
		}
	} else {
		for line := range strings.Lines(pgtest.Dump(h.t, h.database)) {
			note("pg_dump", line)
		}
	}
	err := filepath.WalkDir(h.core.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		note("a file's name", path)
		raw, err := os.ReadFile(path)
		note(path, string(raw))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// What is erased is nowhere: not in a row, not in the pages that SQLite has freed, not
// in its log, not in a dump of Postgres, not in a file. All others keep everything.
func TestEraseLeavesNothingOnTheDisk(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.acme.settle(h.world, 2)
		gone, stays := h.acme.guests[0], h.acme.guests[1]
		h.lives(gone)
		h.rest()
		twin := &dweller{side: h.acme, mark: "zqtwinqz", subject: "user-9", looks: gone.looks}
		twin.arrive(h.world) // operators read that it may be the visitor of the session
		h.exported(gone)
		h.rest()
		before := len(h.kept([]string{stays.mark}))
		if n := len(h.kept([]string{gone.mark, gone.id, gone.session})); n < 50 {
			t.Fatalf("only %d places hold something of them: the test proves nothing", n)
		}

		theirs := "over Slack to " + gone.mark
		h.slack.Operator("Mallory").Message(h.slackThread(gone), theirs)
		h.erase(gone)
		h.rest()
		h.vanished(gone, theirs)
		h.wantNothing(gone)
		h.listsWhatIsLeft(1)
		h.erasedWhileOwed()
		if after := len(h.kept([]string{stays.mark})); after < before {
			t.Errorf("of somebody else there were %d places, and now %d", before, after)
		}
	})
}

func (h *house) wantNothing(of *dweller) {
	h.t.Helper()
	if strings.Contains(h.core.Log(), of.mark) {
		h.t.Error("the server's log has their words")
	}
	for i, where := range h.kept(append(of.ids(), of.mark)) {
		if i < 20 {
			h.t.Error("after erasing there is ", where)
		}
	}
}

// erasedWhileOwed erases somebody of whom a bridge is still to be told: it never is.
func (h *house) erasedWhileOwed() {
	h.t.Helper()
	h.telegram.Down()
	late := &dweller{side: h.acme, mark: "zqlateqz", subject: "user-8", looks: "another"}
	late.arrive(h.world)
	h.discord.WaitFor(h.t, func(s discordtest.State) bool {
		return slices.ContainsFunc(s.Messages, func(m discordtest.Message) bool { return strings.Contains(m.Content, "third "+late.mark) })
	})
	h.call(http.MethodDelete, h.core.URL+"/v1/visitors/"+late.id, h.acme.backend(), nil, nil)
	h.telegram.Up()
	after := &dweller{side: h.acme, mark: "zqafterqz", subject: "user-7", looks: "a third"}
	after.arrive(h.world)
	h.topicOf(after)
	h.rest()
	h.vanished(late)
	h.wantNothing(late)
	if text := fmt.Sprintf("%+v", h.telegram.State().Messages); strings.Contains(text, late.mark) {
		h.t.Errorf("Telegram was told of somebody who is erased: %s", text)
	}
	h.erasedWhileDown(after)
}

// erasedWhileDown erases somebody while no platform can be reached, and kills the server.
func (h *house) erasedWhileDown(g *dweller) {
	h.t.Helper()
	h.telegram.Down()
	h.discord.Down()
	h.slack.Down()
	h.erase(g)
	if err := h.core.Kill(); err != nil {
		h.t.Fatal(err)
	}
	h.telegram.Up()
	h.discord.Up()
	if err := h.slack.Up(); err != nil {
		h.t.Fatal(err)
	}
	h.start()
	h.vanished(g)
	h.wantNothing(g)
	h.listsWhatIsLeft(1)
}

// slackThread is the visitor's.
func (h *house) slackThread(g *dweller) (parent string) {
	h.t.Helper()
	h.slack.WaitFor(h.t, func(s slacktest.State) bool {
		for _, m := range s.Messages {
			if strings.Contains(m.Text, "third "+g.mark) {
				parent = m.Thread
			}
		}
		return parent != ""
	})
	return parent
}

// vanished waits until the platforms show nothing of the visitor, but for what operators
// wrote themselves in Slack.
func (h *house) vanished(g *dweller, theirs ...string) {
	h.t.Helper()
	var shown []string
	if came(patience, func() bool { shown = h.shown(g.mark); return slices.Equal(shown, theirs) }) {
		return
	}
	h.t.Errorf("the platforms show of %s %q, want %q", g.mark, shown, theirs)
}

// shown is what the platforms show that has the word, but for the hint in a thread of
// somebody else that both may be one: nobody can find that again.
func (h *house) shown(word string) (texts []string) {
	note := func(gone bool, text string) {
		if !gone && strings.Contains(text, word) && !strings.HasPrefix(strings.Trim(text, "*"), "Probably the visitor of") {
			texts = append(texts, text)
		}
	}
	telegram, discord, slack := h.telegram.State(), h.discord.State(), h.slack.State()
	for _, t := range telegram.Topics {
		note(t.Deleted, t.Name)
	}
	for _, m := range telegram.Messages {
		note(m.Deleted, m.Text)
	}
	for _, t := range discord.Threads {
		note(t.Deleted, t.Name)
	}
	for _, m := range discord.Messages {
		note(false, m.Content)
	}
	for _, m := range slack.Messages {
		note(m.Deleted || m.Tombstone, m.Text)
		for _, f := range m.Files {
			note(f.Deleted, f.Name)
		}
	}
	return texts
}

// listsWhatIsLeft wants so many entries of the audit log about what people have to remove.
func (h *house) listsWhatIsLeft(want int) {
	h.t.Helper()
	left := 0
	h.eventually("the audit log to say what is left", func() bool {
		left = 0
		for _, row := range h.dump(h.database) {
			left += strings.Count(row, "visitor.erased.left")
		}
		return left >= want
	})
	if left != want {
		h.t.Errorf("the audit log says %d times that something is left, want %d", left, want)
	}
}
