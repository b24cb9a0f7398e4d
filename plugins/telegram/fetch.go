package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-telegram/bot"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// maxFetch is what Telegram gives out to bots, in bytes.
const maxFetch = 20 << 20

var errTooBig = plugin.Permanent(errors.New("Telegram gives bots no file above 20 MB: send a smaller one, or a link"))

// fetches are the message's files, to be taken with it.
func (a *api) fetches(f *file) []kit.File {
	if f == nil {
		return nil
	}
	return []kit.File{{Name: f.Name, Size: f.Size, Open: func(ctx context.Context) (io.ReadCloser, error) {
		return a.openFile(ctx, f.ID)
	}}}
}

// openFile streams a file from Telegram. Its address holds the token, so nobody
// else ever sees it.
func (a *api) openFile(ctx context.Context, id string) (io.ReadCloser, error) {
	found, err := a.bot.GetFile(ctx, &bot.GetFileParams{FileID: id})
	if saying(err, "file is too big") {
		return nil, errTooBig
	}
	if err != nil {
		return nil, a.failure(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.bot.FileDownloadLink(found), nil)
	if err != nil {
		return nil, kit.Unreached("Telegram", err)
	}
	resp, err := a.net.client.Do(r)
	if err != nil {
		return nil, kit.Unreached("Telegram", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("Telegram answered %s when asked for the file", resp.Status)
	}
	return resp.Body, nil
}
