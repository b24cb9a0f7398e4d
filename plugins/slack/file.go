package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/slack-go/slack"
)

// Slack shows a file some time after it said that it will, and now and then never.
const (
	shareTimeout = 30 * time.Second
	longestLook  = 8 * time.Second
)

var errNotShown = errors.New("Slack took the file and did not show it; it is sent again")

// What Slack answers about a file that it does not take: a link goes in its place.
var unwanted = []string{
	"file_uploads_disabled", "file_upload_size_restricted", "storage_limit_reached", "file_type_not_allowed",
	"file_uploads_except_images_disabled", "file_too_large", "invalid_blocks",
}

// sendFile sends a file with the text beside it. What may have been sent before is
// looked for by the id that Slack gave the file then.
func (p *platform) sendFile(ctx context.Context, parent string, m kit.Outgoing) (string, error) {
	if id := p.uploads.of(m.Key); id != "" && !m.Since.IsZero() {
		ts, err := p.again(ctx, parent, id)
		if err != nil || ts != "" {
			return ts, err
		}
	}
	if m.File.Size == 0 {
		return p.linked(ctx, parent, m)
	}
	ts, err := p.in(ctx, func() (string, error) { return p.share(ctx, parent, m) })
	switch {
	case saying(err, unwanted...):
		kit.CountCall(ctx)
		return p.linked(ctx, parent, m)
	case errors.Is(err, errNotShown):
		kit.CountCall(ctx)
		return "", errors.Join(err, p.deleteFile(ctx, p.uploads.of(m.Key)))
	}
	return ts, err
}

// linked sends a link in place of the file.
func (p *platform) linked(ctx context.Context, parent string, m kit.Outgoing) (string, error) {
	ts, err := p.find(ctx, parent, m.Since, m.Key)
	if err != nil || ts != "" {
		return ts, err
	}
	return p.say(ctx, parent, m.WithoutFile())
}

// again settles an upload of which nobody knows how far it came: it is shown, or
// it is taken back, so that it cannot be shown late.
func (p *platform) again(ctx context.Context, parent, id string) (ts string, err error) {
	ts, err = p.await(ctx, parent, id)
	if !errors.Is(err, errNotShown) {
		return ts, err
	}
	kit.CountCall(ctx)
	return "", p.deleteFile(ctx, id)
}

// share uploads the file and waits until it is shown. Its id is kept before
// anybody can see it.
func (p *platform) share(ctx context.Context, parent string, m kit.Outgoing) (string, error) {
	id, err := p.upload(ctx, m.File)
	if err != nil {
		return "", err
	}
	if err := p.uploads.keep(ctx, m.Key, id); err != nil {
		return "", err
	}
	shown := p.uploads.watch(id)
	defer p.uploads.unwatch(id)
	if _, err := p.spoken(m, func(m kit.Outgoing) (string, error) { return id, p.complete(ctx, parent, id, m) }); err != nil {
		return "", err
	}
	return p.awaitShown(ctx, parent, id, shown)
}

// upload gives Slack the bytes. The library's own way ends the body twice.
func (p *platform) upload(ctx context.Context, f *plugin.Attachment) (id string, err error) {
	kit.CountCall(ctx)
	to, err := p.slack.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: kit.FileName(f), FileSize: int(f.Size)})
	if err != nil {
		return "", failure(err)
	}
	body, err := p.host.OpenFile(ctx, f.ID)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.UploadURL, body)
	if err != nil {
		return "", unreached("upload", err)
	}
	r.ContentLength = f.Size
	r.Header.Set("Content-Type", "application/octet-stream")
	if p.trusts(r.URL) {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.plain.Do(r)
	if err != nil {
		return "", unreached("upload", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("Slack answered %d to the upload of a file", resp.StatusCode)
	}
	return to.FileID, nil
}

// complete shows the file in the thread. The library cannot name the speaker.
func (p *platform) complete(ctx context.Context, parent, id string, m kit.Outgoing) error {
	params := url.Values{
		"files":      {string(marshal([]map[string]string{{"id": id, "title": kit.FileName(m.File)}}))},
		"channel_id": {p.channel}, "thread_ts": {parent},
	}
	if len(m.Text) > 0 {
		params.Set("blocks", string(marshal(blocks(m.Text, elements))))
	}
	if m.Speaker.Name != "" {
		params.Set("username", m.Speaker.Name)
	}
	if m.Speaker.Avatar != "" {
		params.Set("icon_url", m.Speaker.Avatar)
	}
	return p.ask(ctx, "files.completeUploadExternal", params, &struct{}{})
}

func (p *platform) await(ctx context.Context, parent, id string) (string, error) {
	shown := p.uploads.watch(id)
	defer p.uploads.unwatch(id)
	return p.awaitShown(ctx, parent, id, shown)
}

// awaitShown waits for the message that shows the file: our own echo, or what
// Slack says when asked, whichever comes first.
func (p *platform) awaitShown(ctx context.Context, parent, id string, shown <-chan share) (string, error) {
	end := time.Now().Add(p.showWithin)
	for wait := p.showWithin / 60; time.Now().Before(end); wait = min(2*wait, longestLook) {
		look, cancel := context.WithTimeout(ctx, wait)
		select {
		case s := <-shown:
			cancel()
			return p.checked(ctx, parent, s)
		case <-look.Done():
		}
		cancel()
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		s, err := p.shareOf(ctx, id)
		switch {
		case saying(err, "file_not_found", "file_deleted"):
			return "", errNotShown
		case err == nil && s.ts != "":
			return p.checked(ctx, parent, s)
		case err != nil && plugin.KindOf(err) != plugin.FailureRetryAfter:
			return "", err
		}
	}
	return "", errNotShown
}

// checked makes sure that the file is in the thread, which may be gone.
func (p *platform) checked(ctx context.Context, parent string, s share) (string, error) {
	if s.thread == parent {
		return s.ts, nil
	}
	kit.CountCall(ctx)
	if err := p.remove(context.WithoutCancel(ctx), s.ts); err != nil {
		return "", err
	}
	return "", plugin.ThreadGone(errThreadDeleted)
}

func (a *api) deleteFile(ctx context.Context, id string) error {
	err := a.slack.DeleteFileContext(ctx, id)
	if saying(err, "file_not_found", "file_deleted") {
		return nil
	}
	return failure(err)
}
