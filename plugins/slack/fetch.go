package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var errLoginPage = plugin.Permanent(errors.New("Slack gave its login page instead of the file: the app needs the scope files:read"))

// fetches are the message's files, to be taken with it. What another service keeps
// cannot be fetched: its address becomes a part of the text.
func (a *api) fetches(ctx context.Context, files []file) (fetched []kit.File, addresses []string) {
	for _, f := range files {
		if f.Access == "check_file_info" {
			if found, err := a.fileInfo(ctx, f.ID); err == nil {
				f = found.file
			}
		}
		switch {
		case f.Mode == "tombstone" || f.Mode == "hidden_by_limit":
			continue
		case f.External || f.Mode == "external":
			addresses = append(addresses, f.URL)
			continue
		}
		fetched = append(fetched, kit.File{
			Name: cmp.Or(f.Name, f.Title), Size: f.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return a.openFile(ctx, f) },
		})
	}
	return fetched, addresses
}

// openFile streams a file from Slack, which gives a page to log in, and no error,
// to who may not have it.
func (a *api) openFile(ctx context.Context, f file) (io.ReadCloser, error) {
	if f.Download == "" && f.URL == "" {
		found, err := a.fileInfo(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		f = found.file
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, cmp.Or(f.Download, f.URL), nil)
	if err != nil {
		return nil, unreached("download", err)
	}
	if !a.trusts(r.URL) {
		return nil, plugin.Permanent(errors.New("the file is not on Slack's own servers: send a link to it"))
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := a.plain.Do(r)
	if err != nil {
		return nil, unreached("download", err)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		err = fmt.Errorf("Slack answered %s when asked for the file", resp.Status)
	case isHTML(resp.Header.Get("Content-Type")) && !isHTML(f.Type):
		err = errLoginPage
	default:
		return resp.Body, nil
	}
	_ = resp.Body.Close()
	return nil, err
}

func isHTML(contentType string) bool { return strings.HasPrefix(contentType, "text/html") }

// trusts reports whether the bot's token may go there: to Slack's own servers, or
// to the one that is configured.
func (a *api) trusts(u *url.URL) bool {
	base, err := url.Parse(a.base)
	if err == nil && u.Scheme == base.Scheme && u.Host == base.Host {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}

// fileInfo is what Slack knows of a file.
type fileInfo struct {
	file
	Shares struct {
		Public, Private map[string][]struct {
			TS     string `json:"ts"`
			Thread string `json:"thread_ts"`
		}
	} `json:"shares"`
}

func (a *api) fileInfo(ctx context.Context, id string) (*fileInfo, error) {
	var answer struct{ File fileInfo }
	return &answer.File, a.ask(ctx, "files.info", url.Values{"file": {id}}, &answer)
}

// shareOf is where the channel shows the file; an empty ts when it does not.
func (a *api) shareOf(ctx context.Context, id string) (s share, err error) {
	f, err := a.fileInfo(ctx, id)
	if err != nil {
		return s, err
	}
	for _, found := range append(f.Shares.Public[a.channel], f.Shares.Private[a.channel]...) {
		s = share{found.TS, found.Thread}
	}
	return s, nil
}
