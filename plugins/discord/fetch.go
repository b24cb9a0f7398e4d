package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// fetches are the message's files, to be brought to the host.
func (a *api) fetches(channel, message string, files []attachment) []kit.File {
	var all []kit.File
	for _, f := range files {
		all = append(all, kit.File{Name: f.Name, Size: f.Size, Open: func(ctx context.Context) (io.ReadCloser, error) {
			return a.openFile(ctx, channel, message, f)
		}})
	}
	return all
}

// openFile reads a file of a message. Its address is signed and expires: then the
// message has a new one.
func (a *api) openFile(ctx context.Context, channel, message string, f attachment) (io.ReadCloser, error) {
	body, status, err := a.download(ctx, f.URL)
	if err != nil || status == http.StatusOK {
		return body, err
	}
	m, err := a.message(ctx, channel, message)
	if saying(err, codeUnknownMessage, codeUnknownChannel) {
		return nil, plugin.Permanent(fmt.Errorf("it was deleted in Discord before it was read"))
	}
	if err != nil {
		return nil, err
	}
	for _, now := range m.files() {
		if now.ID != f.ID {
			continue
		}
		if body, status, err = a.download(ctx, now.URL); err != nil || status == http.StatusOK {
			return body, err
		}
	}
	return nil, fmt.Errorf("Discord answered %d when asked for the file", status)
}

// download asks for a file at an address that Discord gave out, without the token.
func (a *api) download(ctx context.Context, address string) (io.ReadCloser, int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, kit.Unreached("Discord", err)
	}
	resp, err := a.plain.Do(r)
	if err != nil {
		return nil, 0, kit.Unreached("Discord", err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, resp.StatusCode, nil
	}
	return resp.Body, resp.StatusCode, nil
}
