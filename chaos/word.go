package main

import (
	"fmt"
	"strconv"
)

// A word is the whole text of a message: who wrote it, in which session, and as
// their which. It looks the same on every platform: no markup is in it.
const wordLong = len("v0000n00000")

// visitors is the first letter of what visitors write; what operators write begins
// with that of their platform.
const visitors = 'v'

func word(by byte, session, n int) string { return fmt.Sprintf("%c%04dn%05d", by, session, n) }

// wordsIn finds the words in what a platform shows.
func wordsIn(text string) (found []string) {
	for i := 0; i+wordLong <= len(text); i++ {
		if isWord(text[i : i+wordLong]) {
			found = append(found, text[i:i+wordLong])
			i += wordLong - 1
		}
	}
	return found
}

func isWord(w string) bool {
	if w[0] != visitors && w[0] != 't' && w[0] != 'd' && w[0] != 's' || w[5] != 'n' {
		return false
	}
	for i := 1; i < wordLong; i++ {
		if i != 5 && (w[i] < '0' || w[i] > '9') {
			return false
		}
	}
	return true
}

func sessionOf(w string) int {
	n, _ := strconv.Atoi(w[1:5]) // isWord saw digits
	return n
}
