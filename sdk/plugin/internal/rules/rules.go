// Package rules says what the core expects of what a bridge answers, whoever looks at it:
// the kit for authors' Go tests, and the one that speaks to a program.
package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Limit says what is wrong with a declared quota.
func Limit(l plugin.Limit) error {
	if l.Scope == "" || l.Calls < 1 || l.Per <= 0 {
		return fmt.Errorf("the limit %+v needs a scope, calls and a time", l)
	}
	return nil
}

// Wait says what is wrong with an error that asks to wait; limits are those that the
// plugin declares, nil: they are not known.
func Wait(err error, limits []plugin.Limit) error {
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != plugin.FailureRetryAfter {
		return nil
	}
	known := f.Scope == "" || f.Scope == plugin.ScopeThread || limits == nil ||
		slices.ContainsFunc(limits, func(l plugin.Limit) bool { return l.Scope == f.Scope })
	switch {
	case !known:
		return fmt.Errorf("the bridge asks to wait for %q, which is no declared limit's scope: that holds everything", f.Scope)
	case f.RetryAfter <= 0:
		return fmt.Errorf("the bridge asks to wait for %s", f.RetryAfter)
	}
	return nil
}

// Shown says what is wrong with the links of a message that was posted: thread is its
// session's.
func Shown(thread string, parts []plugin.Link) error {
	if thread == "" {
		return errors.New("no receipt and no record names the session's thread")
	}
	if len(parts) == 0 {
		return errors.New("no link names the platform's message: edits, deletes and replies need it")
	}
	for _, l := range parts {
		if l.ExternalID == "" || l.Thread != thread {
			return fmt.Errorf("the link %+v is not of the thread %q", l, thread)
		}
	}
	return nil
}

// Parts says what is wrong with the numbers of a long message's parts.
func Parts(parts []plugin.Link) error {
	if len(parts) == 0 {
		return errors.New("nothing links the long message")
	}
	seen := map[int]bool{}
	for _, l := range parts {
		if l.Part < 0 || l.Part >= len(parts) || seen[l.Part] {
			return fmt.Errorf("%d parts, and one of them has the number %d", len(parts), l.Part)
		}
		seen[l.Part] = true
	}
	return nil
}

// Grow says whether the newer message has the greater external id, as the core counts.
func Grow(older, newer string) error {
	if cmp.Or(cmp.Compare(len(newer), len(older)), strings.Compare(newer, older)) <= 0 {
		return fmt.Errorf("the newer message has the smaller external id: %q after %q", newer, older)
	}
	return nil
}

// Twice says whether a message that came again with its links was made again.
func Twice(before, after []plugin.Link) error {
	ids := func(links []plugin.Link) (ids []string) {
		for _, l := range links {
			ids = append(ids, l.ExternalID)
		}
		slices.Sort(ids)
		return ids
	}
	if !slices.Equal(ids(before), ids(after)) {
		return fmt.Errorf("the message was %d of the platform's and is %d after it was delivered again with their links", len(before), len(after))
	}
	return nil
}

// Long is a text that no platform takes in one message.
func Long() string {
	return strings.Repeat("A line of a long message. 👩‍👩‍👧‍👦\n", 1000)
}

// Strange are texts that do harm where nobody thought of them.
var Strange = []string{"", "\x00\x01", " \n ", "```\nopen fence", "@everyone <b>&amp; [x](y) *_~`"}
