package main

import (
	"bufio"
	"regexp"
	"strings"
)

func newLines(block string) *bufio.Reader {
	return bufio.NewReader(strings.NewReader(strings.TrimSpace(block) + "\n\n"))
}

// separators begin what was written before, whatever the language: lines of mail
// programs.
var separators = []*regexp.Regexp{
	regexp.MustCompile(`^-{2,} ?\p{L}[\p{L} ]+ ?-{2,}$`), // -----Original Message-----
	regexp.MustCompile(`^_{20,}$`),
	regexp.MustCompile(`^-- ?$`), // a signature
	regexp.MustCompile(`^(Sent from my|Von meinem|Envoyé de mon|Enviado desde mi|Get Outlook for) .*$`),
}

// said is a line that tells who wrote what follows: a date or an address, and a colon.
var said = regexp.MustCompile(`(?i)^(on|am|le|el|il|em|op|den|dnia|em|в|\d).*(\d{1,2}|@).*[:：]$`)

// headed is a line of a header that Outlook puts above what it quotes.
var headed = regexp.MustCompile(`^\*?(From|Von|De|Da|Van|Od|От|Sent|Gesendet|Envoyé|Enviado|Inviato|To|An|À|Para|A|Subject|Betreff|Objet|Asunto|Oggetto):\*? .+$`)

// answer is what stands above everything that is quoted: our own line, the usual
// separators, or quoted lines to the end.
func answer(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		if begins(lines[i:]) {
			lines = lines[:i]
			break
		}
	}
	for n := len(lines); n > 0; n = len(lines) {
		last := strings.TrimSpace(lines[n-1])
		if last != "" && !isQuote(last) {
			break
		}
		lines = lines[:n-1]
	}
	lines = withoutIntroduction(lines)
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// begins reports whether what was written before begins with these lines.
func begins(lines []string) bool {
	line := strings.TrimSpace(lines[0])
	if strings.Contains(line, marker) {
		return true
	}
	for _, s := range separators {
		if s.MatchString(line) {
			return true
		}
	}
	if headed.MatchString(line) {
		n := 0
		for _, l := range lines[:min(len(lines), 5)] {
			if headed.MatchString(strings.TrimSpace(l)) {
				n++
			}
		}
		return n >= 3
	}
	return said.MatchString(line) && quotesFollow(lines[1:])
}

// quotesFollow reports whether the next line that says anything is a quoted one.
func quotesFollow(lines []string) bool {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			return isQuote(l) || strings.Contains(l, marker)
		}
	}
	return true
}

func isQuote(line string) bool { return strings.HasPrefix(line, ">") || strings.HasPrefix(line, "|") }

// withoutIntroduction drops who is said to have written what was cut off, which may be
// wrapped into a second and third line.
func withoutIntroduction(lines []string) []string {
	end := len(lines)
	for end > 0 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	for n := 1; n <= 3 && n <= end; n++ {
		joined := strings.TrimSpace(strings.Join(lines[end-n:end], " "))
		if said.MatchString(joined) {
			return lines[:end-n]
		}
	}
	return lines[:end]
}

// unquoted are the lines that are no quotes: somebody who answers line by line.
func unquoted(text string) string {
	var own []string
	for line := range strings.SplitSeq(text, "\n") {
		l := strings.TrimSpace(line)
		if isQuote(l) || strings.Contains(l, marker) || said.MatchString(l) {
			continue
		}
		own = append(own, line)
	}
	return strings.TrimSpace(strings.Join(own, "\n"))
}

// unflow joins lines that a mail program has wrapped (RFC 3676).
func unflow(text string, delSpace bool) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = strings.TrimPrefix(line, " ")
		if line == "-- " || !strings.HasSuffix(line, " ") || isQuote(line) {
			out.WriteString(line + "\n")
			continue
		}
		if delSpace {
			line = strings.TrimSuffix(line, " ")
		}
		out.WriteString(line)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
