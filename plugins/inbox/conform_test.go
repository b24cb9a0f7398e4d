package main

import (
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestConform(t *testing.T) {
	plugintest.Conform(t, func(t *testing.T, h *plugintest.Host) plugin.Bridge {
		b, err := newBridge(t.Context(), Config{}, h)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
