package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

type fileInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// attach stores a file of the host's for a post of the channel.
func (c *client) attach(ctx context.Context, host plugin.Host, f *plugin.Attachment) (ids []string, err error) {
	file, err := host.OpenFile(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	kit.CountCall(ctx)
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	query := url.Values{"channel_id": {c.channelID}, "filename": {kit.FileName(f)}}
	resp, err := c.do(ctx, http.MethodPost, "/files?"+query.Encode(), "application/octet-stream", file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var stored struct {
		Files []fileInfo `json:"file_infos"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&stored); err != nil || len(stored.Files) == 0 {
		return nil, errors.New("Mattermost took a file and did not say under which id")
	}
	return []string{stored.Files[0].ID}, nil
}

// noFiles reports whether the server takes no files, or not this one.
func noFiles(err error) bool {
	return refused(err, http.StatusRequestEntityTooLarge, http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented)
}

// files are those of a post, to be fetched.
func (c *client) files(ctx context.Context, ids []string) (files []kit.File) {
	for _, id := range ids {
		info := fileInfo{Name: "file"}
		_ = c.call(ctx, http.MethodGet, "/files/"+id+"/info", nil, &info) // what it holds counts more than its name
		files = append(files, kit.File{Name: info.Name, Size: info.Size, Open: func(ctx context.Context) (io.ReadCloser, error) {
			resp, err := c.do(ctx, http.MethodGet, "/files/"+id, "", nil)
			if err != nil {
				return nil, err
			}
			return resp.Body, nil
		}})
	}
	return files
}
