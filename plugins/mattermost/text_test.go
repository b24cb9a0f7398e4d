package main

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var corpus = []string{
	"@all @channel @here @olga olga@acme.example \\@all `@here` **@olga**", "*bold* _it_ ~~no~~ `code` ```pre```",
	"> quote\n# head\n- item\n+ item\n1. one\n    code\n\tcode\n===\n---\n| a | b |", ":smile: :+1: #tag ~town-square",
	"[link](https://evil.example) ![img](https://evil.example/x.png) <https://a.example|b> <b>bold</b> <!-- x -->", "&lt;script&gt; &amp; &#64;all",
	"see https://acme.example/a_b_c?x=1&y=2#top. And (https://acme.example/~me/*), https://x.example/\\@all", "$x$ \\_ \\\\ \\",
	"👩‍👩‍👧‍👦 🇳🇴 Zoë مرحبا", "a\tb\nc\n\n\nd",
}

func checkText(t *testing.T, s *mattermosttest.Server, text string) {
	t.Helper()
	written := escape(text)
	shown := mattermosttest.Render(written)
	if want := strings.ReplaceAll(text, nothing, ""); shown.Text != want {
		t.Errorf("shown %q, want %q", shown.Text, want)
	}
	if called := s.Mentions(written); len(called) > 0 {
		t.Errorf("%q calls %q", written, called)
	}
	if len(shown.Markup)+len(shown.Symbols) > 0 {
		t.Errorf("%q is formatted: %q %q", written, shown.Markup, shown.Symbols)
	}
	for _, link := range shown.Links {
		if !strings.Contains(text, link) {
			t.Errorf("%q links %q", text, link)
		}
	}
	if n := kit.CodePoints(written); n > measure(text) {
		t.Errorf("%q has %d code points, measured %d", written, n, measure(text))
	}
}

func TestTextIsShownToTheLetter(t *testing.T) {
	s := mattermosttest.NewServer()
	defer s.Close()
	s.Operator("Olga")
	for _, text := range corpus {
		checkText(t, s, text)
	}
}

// An @ in a link would call: it is written in a way that leads to the same place.
func TestLinkThatCalls(t *testing.T) {
	if got := escape("https://social.example/@all"); got != "<https://social.example/%40all>" {
		t.Error(got)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range corpus {
		f.Add(text)
	}
	s := mattermosttest.NewServer()
	f.Cleanup(s.Close)
	s.Operator("Olga")
	f.Fuzz(func(t *testing.T, text string) {
		written := escape(kit.Clean(text))
		if called := s.Mentions(written); len(called) > 0 {
			t.Errorf("%q calls %q", written, called)
		}
		if shown := mattermosttest.Render(written); len(shown.Markup)+len(shown.Symbols) > 0 {
			t.Errorf("%q is formatted: %q %q", written, shown.Markup, shown.Symbols)
		}
	})
}
