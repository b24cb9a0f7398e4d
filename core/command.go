package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// command is an operator's order to the core, not text for the visitor.
type command struct{ name, arg string }

// parseCommand reads "/name rest" or "!name rest". Whatever looks like a command
// is one, known or not, so that a mistyped one never reaches a visitor; a doubled
// sign ("//name") is text that begins with a single one.
func parseCommand(text string) (cmd command, literal string, is bool) {
	text = strings.TrimSpace(text)
	shown := strings.TrimLeftFunc(text, unseen)
	if wide, found := cutWide(shown); found {
		return command{name: " " + firstWord(wide)}, "", true // as below
	}
	if len(shown) < 2 || shown[0] != '/' && shown[0] != '!' {
		return command{}, text, false
	}
	if shown[1] == shown[0] && (startsWithLetter(shown[2:]) || isSpaced(shown[2:])) {
		return command{}, shown[1:], false
	}
	if isSpaced(shown[1:]) {
		return command{name: " " + firstWord(shown[1:])}, "", true // no command has this name: it is refused
	}
	word, rest := strings.TrimLeftFunc(shown[1:], formats), ""
	if !startsWithLetter(word) {
		return command{}, text, false
	}
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word, rest = word[:i], strings.TrimSpace(word[i:])
	}
	word, _, _ = strings.Cut(word, "@") // Telegram adds the bot's name
	return command{name: strings.ToLower(word), arg: rest}, "", true
}

// unseen are the characters that take no place: text that was copied from somewhere
// may begin with them, and looks like a command nevertheless.
func unseen(r rune) bool { return unicode.IsSpace(r) || formats(r) }

func formats(r rune) bool { return unicode.Is(unicode.Cf, r) }

// cutWide is what follows the wide sign that Chinese and Japanese keyboards write, where
// it is a command's name. Others are text: much begins with such a sign.
func cutWide(s string) (rest string, found bool) {
	for _, sign := range []string{"／", "！"} {
		if rest, found = strings.CutPrefix(s, sign); found && slices.Contains(commandNames, firstWord(rest)) {
			return rest, true
		}
	}
	return "", false
}

var commandNames = []string{"note", "close", "reopen", "claim", "release", "away", "online", "del", "info", "status", "stats", "help"}

// isSpaced reports whether what follows a sign is space and then a command's name:
// "/ note she is angry" was meant as a note.
func isSpaced(s string) bool {
	return strings.TrimLeftFunc(s, unseen) != s && slices.Contains(commandNames, firstWord(s))
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimLeftFunc(s, unseen), "@")
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word = word[:i]
	}
	return strings.ToLower(word)
}

func startsWithLetter(s string) bool {
	for _, r := range s {
		return unicode.IsLetter(r)
	}
	return false
}

const commandHelp = `Commands, with / or !:
note TEXT: for operators only, the visitor never sees it
close: end this session · reopen: let it go on
info: who the visitor is · status: how the bridges are doing · stats: the last days in figures
claim: tell the others that you answer here · release: end that
away: tell all visitors that nobody is there, until your hours begin · online: that somebody is
del: as a reply to an operator's message, takes it back
help: this list
Everything else that you write here goes to the visitor. Text that starts with / or !: double the sign.`

// run carries out an operator's command; what it has to say goes to the thread
// that it came from.
func (c *Chat) run(ctx context.Context, by Actor, s *Session, cmd command, in Inbound) (*Result, error) {
	switch cmd.name {
	case "close":
		return c.setStatus(ctx, by, s.ID, StatusClosed, in.once())
	case "reopen":
		return c.setStatus(ctx, by, s.ID, StatusActive, in.once())
	case "claim":
		return c.claim(ctx, by, s.ID, in)
	case "release":
		return c.release(ctx, by, s.ID, in)
	case "away":
		return c.present(ctx, by, s, PresenceAway, in)
	case "online":
		return c.present(ctx, by, s, PresenceOnline, in)
	case "del":
		return c.runDelete(ctx, by, in)
	case "info":
		return c.answer(ctx, s, in, c.describeVisitor(ctx, s))
	case "status":
		return c.answer(ctx, s, in, c.describeBridges(s.ProjectID))
	case "stats":
		return c.answer(ctx, s, in, c.describeStats(ctx, s.ProjectID))
	case "help":
		return c.answer(ctx, s, in, commandHelp)
	}
	return nil, Errorf(CodeInvalid, "unknown command /%s, nothing was sent to the visitor. /help lists the commands; to send text that starts with / or !, double the sign", cmd.name)
}

// runDelete takes back the message that the command replies to, on every bridge.
func (c *Chat) runDelete(ctx context.Context, by Actor, in Inbound) (*Result, error) {
	link, err := c.linkOf(ctx, in, in.ReplyTo)
	if err != nil {
		return nil, err
	}
	if link == nil || link.MessageID == "" || link.MessageID == link.SessionID {
		return nil, Errorf(CodeInvalid, "reply with /del to the operator's message that you want to take back")
	}
	return c.delete(ctx, by, link.MessageID, "", in.once(), nil)
}

func (c *Chat) answer(ctx context.Context, s *Session, in Inbound, text string) (*Result, error) {
	return nil, c.notice(ctx, s, in.once(), text, in.BridgeID)
}

// notice tells the operators on the named bridges something, in the session's
// thread.
func (c *Chat) notice(ctx context.Context, s *Session, once *Once, text string, bridges ...string) error {
	_, err := c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		return c.saying(s, text, bridges...), nil
	})
	return err
}

// saying is a change that only tells.
func (c *Chat) saying(s *Session, text string, bridges ...string) *Change {
	return &Change{
		ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, At: c.clock.Now(),
		Events: []Event{noticeEvent(text, bridges...)},
	}
}

func noticeEvent(text string, bridges ...string) Event {
	return Event{Type: Notice, Data: data(map[string]string{"text": text}), Owed: bridges}
}

func (c *Chat) describeVisitor(ctx context.Context, s *Session) string {
	v, err := c.store.Visitor(ctx, s.ProjectID, s.VisitorID)
	if err != nil {
		return "the visitor's data cannot be read now, try again"
	}
	lines := []string{"Visitor " + v.ID}
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	claimed := map[bool]string{false: " (unverified)"}[v.Verified]
	about := func(label, value string) {
		if value != "" {
			add(label, value+claimed)
		}
	}
	about("Name", v.Name)
	about("E-mail", v.Email)
	if v.Verified {
		add("Identity", "signed by the site")
	}
	for _, k := range slices.Sorted(keys(v.Traits)) {
		about(k, v.Traits[k])
	}
	for _, k := range slices.Sorted(keys(v.Claimed)) {
		add(k, v.Claimed[k]+" (unverified)")
	}
	for _, k := range slices.Sorted(keys(s.Metadata)) {
		add(k, s.Metadata[k])
	}
	if s.Claim != nil {
		add("Answered by", s.Claim.Name)
	}
	if s.Rating != nil {
		add("Rating", strings.TrimSpace(fmt.Sprintf("%d of 5 %s", s.Rating.Score, s.Rating.Comment)))
	}
	add("First seen", v.CreatedAt.String())
	add("Last seen", v.LastSeen.String())
	add("Session", fmt.Sprintf("%s, %s, since %s", s.ID, s.Status, s.CreatedAt))
	return strings.Join(lines, "\n")
}

func (c *Chat) describeBridges(projectID string) string {
	var lines []string
	for _, b := range c.status(projectID) {
		line := fmt.Sprintf("%s: %s, %d waiting", b.ID, b.State, b.Backlog)
		if !b.Oldest.IsZero() {
			line += ", the oldest for " + max(0, c.clock.Now().Std().Sub(b.Oldest.Std())).Round(time.Second).String()
		}
		if b.Quota != "" {
			line += " (" + b.Quota + ")"
		}
		if b.Dead > 0 {
			line += fmt.Sprintf(", %s (see the admin's page, or `pocketping delivery list`)", counted(b.Dead, "dead letter"))
		}
		if b.LastError != "" {
			line += ", last error: " + b.LastError
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "no bridge is known to be running"
	}
	return strings.Join(lines, "\n")
}

func keys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
