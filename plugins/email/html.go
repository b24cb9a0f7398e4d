package main

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hidden says nothing to people.
var hidden = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true, atom.Noscript: true}

// blocks begin and end a line.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Tr: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Pre: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.Section: true, atom.Article: true, atom.Hr: true,
}

var many = regexp.MustCompile(`\n{3,}`)

// textOf is what a page of a mail says, without what it quotes.
func textOf(page string) string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return ""
	}
	var t plain
	t.read(doc, 0)
	return strings.TrimSpace(many.ReplaceAllString(t.String(), "\n\n"))
}

type plain struct{ strings.Builder }

const maxNest = 500

func (t *plain) read(n *html.Node, depth int) {
	if depth > maxNest || n.Type == html.ElementNode && (hidden[n.DataAtom] || isQuoted(n)) {
		return
	}
	switch {
	case n.Type == html.TextNode:
		t.words(n.Data)
	case n.DataAtom == atom.Br:
		t.WriteString("\n")
	case blocks[n.DataAtom]:
		t.line()
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		t.read(c, depth+1)
	}
	switch {
	case n.DataAtom == atom.P:
		t.line()
		t.WriteString("\n")
	case blocks[n.DataAtom]:
		t.line()
	case n.DataAtom == atom.A:
		t.target(n)
	}
}

// words writes text with its white space folded.
func (t *plain) words(text string) {
	folded := strings.Join(strings.Fields(text), " ")
	if folded == "" && text == "" {
		return
	}
	if at := t.String(); strings.TrimLeft(text, " \t\r\n") != text && at != "" && !strings.HasSuffix(at, " ") && !strings.HasSuffix(at, "\n") {
		t.WriteString(" ")
	}
	t.WriteString(folded)
	if folded != "" && strings.TrimRight(text, " \t\r\n") != text {
		t.WriteString(" ")
	}
}

func (t *plain) line() {
	if s := t.String(); s != "" && !strings.HasSuffix(s, "\n") {
		t.WriteString("\n")
	}
}

// target writes where a link leads, unless its words say so.
func (t *plain) target(n *html.Node) {
	for _, a := range n.Attr {
		if a.Key == "href" && (strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://")) && !strings.HasSuffix(strings.TrimSpace(t.String()), a.Val) {
			t.WriteString(" <" + a.Val + ">")
		}
	}
}

// isQuoted reports whether the element holds what was written before.
func isQuoted(n *html.Node) bool {
	if n.DataAtom == atom.Blockquote {
		return true
	}
	for _, a := range n.Attr {
		switch {
		case a.Key == "class" && (strings.Contains(a.Val, "gmail_quote") || strings.Contains(a.Val, "yahoo_quoted") || strings.Contains(a.Val, "moz-cite-prefix")):
			return true
		case a.Key == "id" && (strings.HasPrefix(a.Val, "divRplyFwdMsg") || a.Val == "appendonsend" || strings.HasPrefix(a.Val, "mail-editor-reference-message")):
			return true
		}
	}
	return false
}
