package core

import (
	"strings"
	"testing"
	"unicode"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		text    string
		name    string // empty: no command
		arg     string
		literal string
	}{
		{"hello", "", "", "hello"},
		{"/close", "close", "", ""},
		{"!close", "close", "", ""},
		{" /Close ", "close", "", ""},
		{"/close@my_bot now", "close", "now", ""},
		{"/note call\nher back", "note", "call\nher back", ""},
		{"/note\ncall her", "note", "call her", ""},
		{"/clsoe", "clsoe", "", ""},
		{"/pricing/plans", "pricing/plans", "", ""},
		{"//pricing", "", "", "/pricing"},
		{"!!important", "", "", "!important"},
		{"/", "", "", "/"},
		{"!", "", "", "!"},
		{"! wait", "", "", "! wait"},
		{"/ 2", "", "", "/ 2"},
		{"!?", "", "", "!?"},
		{"/été", "été", "", ""},
		{"/ note she is angry", " note", "", ""},
		{"!  Close", " close", "", ""},
		{"/\u200bnote@my_bot hush", " note", "", ""},
		{"\u200b/note hush", "note", "hush", ""},
		{"\ufeff\u200e /close", "close", "", ""},
		{"/\u200bclsoe", "clsoe", "", ""},
		{"！note hush", " note", "", ""},
		{" ／ Note hush", " note", "", ""},
		{"！重要", "", "", "！重要"},
		{"\u200bhello", "", "", "\u200bhello"},
		{"/ notes", "", "", "/ notes"},
		{"!! note", "", "", "! note"},
		{"///", "", "", "///"},
		{"1/2", "", "", "1/2"},
		{"", "", "", ""},
	}
	for _, tt := range tests {
		cmd, literal, is := parseCommand(tt.text)
		if is != (tt.name != "") || cmd.name != tt.name || cmd.arg != tt.arg || literal != tt.literal {
			t.Errorf("parseCommand(%q) = %+v, %q, %v", tt.text, cmd, literal, is)
		}
	}
}

// Operators who ask how the bridges are doing are told what waits, and what is dead.
func TestStatusTellsWhatWaitsAndWhatIsDead(t *testing.T) {
	now := SystemClock{}.Now()
	c := NewChat(Options{Clock: stoppedClock(now), Status: func(string) []BridgeStatus {
		return []BridgeStatus{
			{ID: "inbox", State: "running", Backlog: 12, Oldest: now - 40_000, Quota: "Telegram takes 20 messages a minute"},
			{ID: "telegram", State: "degraded", LastError: "the bot was removed", Backlog: 3, Oldest: now - 90_000, Dead: 1},
		}
	}})
	want := "inbox: running, 12 waiting, the oldest for 40s (Telegram takes 20 messages a minute)\ntelegram: degraded, 3 waiting, the oldest for 1m30s, 1 dead letter (see the admin's page, or `pocketping delivery list`), last error: the bot was removed"
	if got := c.describeBridges("proj_1"); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

type stoppedClock Time

func (c stoppedClock) Now() Time { return Time(c) }

// What begins like a command is never text for the visitor, unless its sign is
// doubled.
func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"/close", "!note x", "//x", "/ x", "hi", "/é", "/a@b c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, literal, is := parseCommand(text)
		if is {
			if literal != "" {
				t.Fatalf("%q is a command and yet has text %q", text, literal)
			}
			return
		}
		runes := []rune(strings.TrimSpace(text))
		if len(runes) > 1 && (runes[0] == '/' || runes[0] == '!') && unicode.IsLetter(runes[1]) {
			t.Fatalf("%q would reach the visitor as %q", text, literal)
		}
	})
}
