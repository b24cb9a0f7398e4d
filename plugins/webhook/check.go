package main

import (
	"context"
	"fmt"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Check connects to the receiver, and sends it nothing.
func (h *hook) Check(ctx context.Context) []plugin.Finding {
	if err := h.client.Reach(ctx, h.url); err != nil {
		return []plugin.Finding{{Name: "url", Text: fmt.Sprintf("the receiver is not reached: %v", err)}}
	}
	text := "the receiver is reached"
	if h.url.Scheme == "http" {
		text += ", without encryption"
	}
	return []plugin.Finding{{OK: true, Name: "url", Text: text}}
}
