package core

import "strings"

// RevisionBefore reports whether a is an older mark of an edit than b. Marks are
// numbers or decimals that grow; they are compared as text, for no number type
// holds them all. What is no such number is never older, nor is anything older
// than it.
func RevisionBefore(a, b string) bool {
	whole, ok := wholePart(a)
	other, okOther := wholePart(b)
	if !ok || !okOther {
		return false
	}
	if len(whole) != len(other) {
		return len(whole) < len(other)
	}
	return a < b
}

// wholePart is what stands before the point of a decimal.
func wholePart(s string) (whole string, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	return whole, digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
