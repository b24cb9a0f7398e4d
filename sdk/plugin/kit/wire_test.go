package kit_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

func TestAPIURL(t *testing.T) {
	for given, want := range map[string]string{
		"":                          "https://chat.example",
		"/":                         "https://chat.example",
		"http://127.0.0.1:8081/":    "http://127.0.0.1:8081",
		"https://proxy.example/a//": "https://proxy.example/a",
		"proxy.example":             "",
		"ftp://proxy.example":       "",
		"https://":                  "",
		"http://[::1":               "",
	} {
		got, err := kit.APIURL(given, "https://chat.example")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", given, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "https://chat.example") {
			t.Errorf("%q: the error gives no example: %v", given, err)
		}
	}
}

func TestUnreachedHidesTheAddress(t *testing.T) {
	client := &http.Client{Transport: kit.Wire(time.Second)}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1/bot-secret/call", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("something answers at port 1")
	}
	if words := kit.Unreached("Chat", err).Error(); strings.Contains(words, "secret") || !strings.HasPrefix(words, "Chat is not reached: ") {
		t.Errorf("it says %q", words)
	}
	if other := errors.New("other"); kit.Unreached("Chat", other) != other {
		t.Error("an error of another kind was changed")
	}
}

func TestIsTyping(t *testing.T) {
	for _, c := range []struct {
		thread, data string
		want         bool
	}{
		{"7", `{"on":true}`, true},
		{"7", `{"on":false}`, false},
		{"", `{"on":true}`, false},
		{"7", `{"on":1}`, false},
		{"7", ``, false},
	} {
		if got := kit.IsTyping(&plugin.Event{Thread: c.thread, Data: []byte(c.data)}); got != c.want {
			t.Errorf("%q in thread %q: %v", c.data, c.thread, got)
		}
	}
}

func TestFindingsComeInOrder(t *testing.T) {
	var f kit.Findings
	if !f.Good("token", "the bot is %s", "Bob") || f.Bad("chat", "there is none") {
		t.Error("good is true and bad is false")
	}
	want := []plugin.Finding{{OK: true, Name: "token", Text: "the bot is Bob"}, {Name: "chat", Text: "there is none"}}
	if len(f.All) != 2 || f.All[0] != want[0] || f.All[1] != want[1] {
		t.Errorf("found %+v", f.All)
	}
}
