package main

import (
	"context"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Check logs in at both servers, sends nothing and reads no mail.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	found := []plugin.Finding{{OK: true, Name: "smtp", Text: "the server lets us in"}, {OK: true, Name: "imap", Text: "the mailbox can be read"}}
	if c, err := b.smtp.open(ctx); err != nil {
		found[0] = plugin.Finding{Name: "smtp", Text: err.Error()}
	} else {
		_ = c.Quit()
	}
	if err := b.looks(ctx); err != nil {
		found[1] = plugin.Finding{Name: "imap", Text: err.Error()}
	}
	return found
}
