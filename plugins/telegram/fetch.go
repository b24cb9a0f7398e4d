package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-telegram/bot"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// maxFetch is what Telegram gives out to bots, in bytes.
const maxFetch = 20 << 20

// fetchTries bounds how long one file can hold up what comes after it.
const fetchTries = 6

var errTooBig = errors.New("Telegram gives bots no file above 20 MB, so the visitor did not get it: send a smaller one, or a link")

// fetch brings the file to the host. What cannot be brought is said in the topic;
// the message's words go on without it, and without words it ends here.
func (b *bridge) fetch(ctx context.Context, m *meaning) {
	saved, err := b.fetchFile(ctx, m.file)
	if err == nil {
		m.inbound.Files = []string{saved.ID}
		return
	}
	if ctx.Err() != nil {
		return
	}
	b.host.Log().Warn("a file of an operator could not be taken", "error", err)
	b.complain(ctx, m.inbound, err)
	if m.inbound.Text == "" {
		m.inbound = nil
	}
}

func (b *bridge) fetchFile(ctx context.Context, f *file) (plugin.Attachment, error) {
	if f.Size > maxFetch {
		return plugin.Attachment{}, errTooBig
	}
	var err error
	for try := 0; try < fetchTries && ctx.Err() == nil; try++ {
		if try > 0 {
			b.pause(ctx, backoff(try))
		}
		var saved plugin.Attachment
		saved, err = b.download(ctx, f)
		if err == nil || isPermanent(err) || plugin.IsRefused(err) || errors.Is(err, errTooBig) {
			return saved, err
		}
	}
	return plugin.Attachment{}, err
}

// download streams the file from Telegram to the host. Its address holds the
// token, so nobody else ever sees it.
func (b *bridge) download(ctx context.Context, f *file) (plugin.Attachment, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	body, err := b.api.openFile(ctx, f.ID)
	if err != nil {
		return plugin.Attachment{}, err
	}
	defer body.Close()
	return b.host.SaveFile(ctx, f.Name, body)
}

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
		return nil, a.net.hide(err)
	}
	resp, err := a.net.client.Do(r)
	if err != nil {
		return nil, a.net.hide(err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("Telegram answered %s when asked for the file", resp.Status)
	}
	return resp.Body, nil
}

// complain answers an operator's message in words, once and as well as it goes.
func (b *bridge) complain(ctx context.Context, in *plugin.Inbound, cause error) {
	topic, err := b.topicOf(in.Thread)
	if err != nil {
		return
	}
	words := "⚠️ This file did not reach the visitor. " + strings.TrimPrefix(cause.Error(), "host: ")
	where := sending{topic: topic, replyTo: messageNumber(plugin.Link{ExternalID: in.ExternalID})}
	if _, err := b.api.sendText(ctx, where, plain(cutRunes(words, maxCaption))); err != nil {
		b.host.Log().Warn("the operator could not be told", "error", err)
	}
}
