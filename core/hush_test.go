package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/pocketping/pocketping/core"
)

var hushedNames = []string{"note", "close", "reopen", "claim", "release", "away", "online", "del", "info", "status", "stats", "help"}

// forVisitors says, apart from the code that is tested, whether an operator's text may be
// shown to a visitor: no, when it begins like a command, however it was copied or typed.
func forVisitors(text string) bool {
	bare := []rune(strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }))
	if len(bare) < 2 {
		return true
	}
	sign, rest := bare[0], string(bare[1:])
	seen := strings.TrimLeftFunc(rest, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
	word, _, _ := strings.Cut(strings.TrimLeftFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }), "@")
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word = word[:i]
	}
	named := slices.Contains(hushedNames, strings.ToLower(word))
	switch sign {
	case '/', '!':
		first := []rune(seen + " ")[0]
		return !named && !unicode.IsLetter(first)
	case '／', '！':
		return !named
	}
	return true
}

// hushed makes texts that operators might write and visitors must not read, and some
// that look like them and are meant for visitors. Each has a mark, «n».
type hushed struct{ *rand.Rand }

func (r hushed) pick(from ...string) string { return from[r.IntN(len(from))] }

func (r hushed) text(n int) string {
	name := r.pick(hushedNames...)
	switch r.IntN(8) {
	case 0:
		name = strings.ToUpper(name)
	case 1: // mistyped
		i := r.IntN(len(name))
		name = name[:i] + r.pick("x", "é", "1", "ж", "\u0301", "") + name[i:]
	case 2:
		name = "note"
	case 3:
		name = r.pick("", "été", "цена", "価格", "😀", "2", "-", "a/b", "note.txt", "notes", "//", "!", "…")
	}
	return r.blank() + r.pick("/", "!", "/", "!", "／", "！", "//", "!!", "", "/!", "∕", "⁄") + r.blank() + name + r.pick("", "", "", "@bot", "@", ":", "\u200b") +
		r.pick(" ", "\n", "\t", "\u00a0", "\u3000", " \u200b") + fmt.Sprintf("«%d»", n) + r.pick("", "\n/close", " //", "\x00", "\u202e")
}

func (r hushed) blank() string {
	return r.pick("", "", "", "", " ", "\n", "\u200b", "\ufeff", "\u200e ", "\u00a0", "\u2063", "\u00ad", "\t\u200d", "\u3000")
}

var marked = regexp.MustCompile(`«(\d+)»`)

// TestNothingOfOperatorsReachesVisitors lets operators write HUSHED texts, or some thousands of them, and
// looks at everything that visitors are sent meanwhile and shown afterwards.
func TestNothingOfOperatorsReachesVisitors(t *testing.T) {
	t.Parallel()
	all := 4_000
	if n, err := strconv.Atoi(os.Getenv("HUSHED")); err == nil {
		all = n
	}
	h := newHouse(t)
	const sessions = 40
	leaks, shown := 0, 0
	var mu sync.Mutex
	var group sync.WaitGroup
	for n := range sessions {
		v := h.visitor()
		s := h.post(v, core.Post{Text: "hello"}).Session
		thread := fmt.Sprint(n + 1)
		h.thread("acme.telegram", s.ID, thread)
		said := map[int]bool{} // by mark: whether it is for visitors
		look := func(where, text string) {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range marked.FindAllStringSubmatch(text, -1) {
				mark, _ := strconv.Atoi(m[1])
				if shown++; !said[mark] {
					if leaks++; leaks < 20 {
						t.Errorf("session %d, %s: the visitor reads %q", n, where, text)
					}
				}
			}
		}
		h.bus.Subscribe(core.VisitorTopic(v.VisitorID), func(sig core.Signal) {
			for _, e := range sig.Events {
				if seen, ok := core.VisitorView(e); ok && seen.Message != nil {
					look(string(e.Type), seen.Message.Text)
				}
			}
		})
		say := func(mark int, text string, ok bool) string {
			mu.Lock()
			defer mu.Unlock()
			said[mark] = ok
			return text
		}
		group.Go(func() {
			r := hushed{rand.New(rand.NewPCG(7, uint64(n)))}
			h.scold(r, thread, all/sessions, say)
			messages, _, err := h.History(t.Context(), v, core.MessageQuery{SessionID: s.ID, Limit: 1000})
			if err != nil {
				t.Error(err)
			}
			for _, m := range messages {
				look("its history", m.Text)
			}
		})
	}
	group.Wait()
	t.Logf("%d texts of operators, %d sights of those that are for visitors, %d leaks", all, shown, leaks)
	if shown < all/20 {
		t.Errorf("only %d are shown at all: what is tested?", shown)
	}
}

// scold has an operator write, edit notes and messages to other texts, and answer notes.
func (h *house) scold(r hushed, thread string, times int, say func(mark int, text string, ok bool) string) {
	var notes, plain []string
	send := func(in core.Inbound) {
		in.BridgeID, in.Thread = "acme.telegram", thread
		in.EffectKey = fmt.Sprint(thread, ":", in.Kind, ":", in.ExternalID, ":", in.Revision)
		_, err := h.Receive(context.Background(), in)
		if core.IsCode(err, core.CodeUnavailable) {
			h.t.Error(err)
		}
	}
	for i := range times {
		in := core.Inbound{Kind: core.InboundMessage, ExternalID: fmt.Sprint(i), Operator: core.Operator{ID: "55", Name: "Olga"}}
		text := r.text(i)
		switch k := r.IntN(10); {
		case k == 0 && len(notes) > 0: // whatever becomes of a note, it stays one
			in.Kind, in.ExternalID, in.Revision = core.InboundEdit, r.pick(notes...), fmt.Sprint(i)
			in.Text = say(i, r.pick(text, fmt.Sprintf("edited «%d»", i)), false)
		case k == 1 && len(plain) > 0:
			in.Kind, in.ExternalID, in.Revision = core.InboundEdit, r.pick(plain...), fmt.Sprint(i)
			in.Text = say(i, text, forVisitors(text))
		case k == 2: // an edit that overtakes its post
			in.Kind, in.Revision = core.InboundEdit, fmt.Sprint(i)
			in.Text = say(i, text, forVisitors(text))
		case k == 3 && len(notes) > 0:
			in.ReplyTo = r.pick(notes...)
			in.Text = say(i, text, forVisitors(text))
		case k < 6:
			in.Text = say(i, fmt.Sprintf("/note «%d»", i), false)
			notes = append(notes, in.ExternalID)
		default:
			in.Text = say(i, text, forVisitors(text))
			if forVisitors(text) {
				plain = append(plain, in.ExternalID)
			}
		}
		send(in)
	}
}
