package main

import (
	"net/http"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestConform(t *testing.T) {
	var last *telegramtest.Server
	plugintest.Conform(t, func(t *testing.T, h *plugintest.Host) plugin.Bridge {
		last = telegramtest.NewServer()
		t.Cleanup(last.Close)
		b, err := newBridge(t.Context(), Config{Token: last.Token, ChatID: last.ChatID, APIURL: last.URL}, h)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}, plugintest.WithLimits(spec().Limits...), plugintest.WithThrottle(func(*testing.T) {
		last.Inject(telegramtest.Fault{Method: "sendMessage", Status: http.StatusTooManyRequests, RetryAfter: 1, Times: 1})
	}))
}
