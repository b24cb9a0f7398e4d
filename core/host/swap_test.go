package host_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

// A program is told apart from others, and told what to do, by what follows it in its
// file: "version:behaviour".
const tailMark = "\nPOCKETPING FIXTURE "

// ownTail is what follows this program.
func ownTail() (version, behaviour string) {
	path, err := os.Executable()
	if err != nil {
		return "", ""
	}
	f, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", ""
	}
	end := make([]byte, 64)
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return "", ""
	}
	_, tail, found := bytes.Cut(end, []byte(tailMark))
	if !found {
		return "1.0", ""
	}
	version, behaviour, _ = strings.Cut(strings.TrimSpace(string(tail)), ":")
	return version, behaviour
}

// put makes a plugin of this program and moves it into its place.
func put(t *testing.T, path, tail string) {
	t.Helper()
	own, err := os.Executable()
	must(t, err)
	program, err := os.ReadFile(own)
	must(t, err)
	must(t, os.WriteFile(path+".new", append(program, fmt.Sprintf("%s%32s", tailMark, tail)...), 0o700))
	must(t, os.Rename(path+".new", path))
}

// Another program in the place of one that runs takes over without losing anything, and
// one that does not work never does, or is taken back.
func TestAnotherVersionTakesOverOrIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "fixture")
	put(t, path, "1.0:")
	w.host.Hurry(20)
	w.host.Run(w.spec(func(s *host.Spec) { s.Path = path }))
	anna := w.visitor("Anna")
	var texts []string
	say := func(text string) {
		texts = append(texts, text)
		anna.say(text)
	}
	running := func(version, says string) {
		t.Helper()
		w.status(version+" and "+says, func(s core.BridgeStatus) bool {
			return s.State == "running" && s.Version == version && strings.Contains(s.LastError, says) && (says != "" || s.LastError == "")
		})
	}
	say("one")
	running("1.0", "")
	first := w.platform.pid(t)
	put(t, path, "2.0:")
	w.host.Refresh()
	for i := range 30 {
		say(fmt.Sprint("while it is swapped ", i))
	}
	running("2.0", "")
	w.delivered(texts...)
	w.status("2.0 is kept", func(core.BridgeStatus) bool {
		return strings.Contains(strings.Join(w.host.LogTail(bridgeID), "\n"), "version 2.0 is kept")
	})

	second := w.platform.pid(t)
	if second == first {
		t.Fatal("it is the same process")
	}
	for behaviour, says := range map[string]string{
		"nostart": "its dependencies are missing",
		"check":   "version 2.0 goes on: version 3.0 does not work: its check finds teeth: they are gone",
		"exit":    "or ended at once",
	} {
		put(t, path, "3.0:"+behaviour)
		w.host.Refresh()
		running("2.0", says)
		w.status("2.0 goes on", func(s core.BridgeStatus) bool { return strings.Contains(s.LastError, "version 2.0 goes on: ") })
	}
	say("two")
	if pid := w.platform.pid(t); pid != second {
		t.Error("the version that works was stopped")
	}

	// It passes every look, and ends once it works.
	put(t, path, "4.0:crash")
	w.host.Refresh()
	began := time.Now()
	w.status("version 4.0", func(s core.BridgeStatus) bool { return s.Version == "4.0" })
	say("three")
	running("2.0", "version 2.0 goes on: version 4.0 does not work: ")
	t.Logf("taken back after %s", time.Since(began).Round(time.Millisecond))
	say("four")
	w.platform.eventually(t, "everything", func() bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return w.platform.count(text) == 0 })
	})
	owed, err := w.store.Owed(t.Context(), "acme.other")
	must(t, err)
	notices := slices.DeleteFunc(owed, func(d core.Delivery) bool { return d.Type != core.Notice })
	if len(notices) != 4 {
		t.Errorf("operators elsewhere read %d notices", len(notices))
	}

	// The one that works is the newest again.
	put(t, path, "5.0:")
	w.host.Refresh()
	running("5.0", "")
}
