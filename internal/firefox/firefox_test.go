package firefox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/firefox"
)

// What the end-to-end tests trust in: values, keys, the mouse, files, profiles, and
// that a failing script is told.
func TestDriver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b, err := firefox.Start(ctx)
	if errors.Is(err, firefox.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	person, err := b.Person(ctx)
	must(err)
	thrown := make(chan string, 1)
	page, err := person.Page(ctx, func(text string) { thrown <- text })
	must(err)
	must(page.Before(ctx, "window.early = 1"))
	must(page.Navigate(ctx, "data:text/html,<input autofocus><input type=file><button style='position:fixed;left:0;top:100px;width:50px;height:50px' onclick='window.pressed = 1'>x</button>"))
	must(page.Type(ctx, "ab\n"))
	must(page.Click(ctx, 25, 125))
	path := filepath.Join(t.TempDir(), "a.txt")
	must(os.WriteFile(path, []byte("words"), 0o600))
	must(page.Attach(ctx, "document.querySelector('[type=file]')", path))
	for expression, want := range map[string]string{
		"[document.querySelector('input').value, window.pressed, window.early]": `["ab",1,1]`,
		"document.querySelector('[type=file]').files[0].text()":                 `"words"`,
		"undefined": "null",
	} {
		got, err := page.Evaluate(ctx, expression)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; want %s", expression, got, err, want)
		}
	}
	if _, err := page.Evaluate(ctx, "nothing.there"); err == nil {
		t.Error("what cannot be evaluated has a value")
	}
	if shot, err := page.Screenshot(ctx); err != nil || len(shot) < 100 {
		t.Errorf("a screenshot of %d bytes, %v", len(shot), err)
	}
	_, err = page.Evaluate(ctx, "void setTimeout(() => { throw new Error('not caught') })")
	must(err)
	select {
	case text := <-thrown:
		if text != "Error: not caught" {
			t.Errorf("told of %q", text)
		}
	case <-ctx.Done():
		t.Error("nobody was told of a failing script")
	}
	must(page.Reload(ctx))
	must(person.Close(ctx))
}
