package plugin

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// hostHTTP asks the host's HTTP socket for what is large or to be read.
type hostHTTP struct{ at atomic.Pointer[hostAddr] }

// hostAddr is where the socket is, in one launch.
type hostAddr struct {
	client *http.Client
	base   *url.URL
	token  string
}

func newHostHTTP(addr, token string) *hostHTTP {
	h := &hostHTTP{}
	h.move(addr, token)
	return h
}

// move goes on at another address, or with another token.
func (h *hostHTTP) move(addr, token string) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext:           dialer.DialContext,
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       time.Minute,
		ResponseHeaderTimeout: 5 * time.Minute, // of an upload: after its last byte
	}
	base, err := url.Parse(addr)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" {
		network, address, _ := strings.Cut(addr, ":")
		base, transport.Proxy = &url.URL{Scheme: "http", Host: "host"}, nil
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		}
	}
	if before := h.at.Swap(&hostAddr{&http.Client{Transport: transport}, base, token}); before != nil {
		before.client.CloseIdleConnections()
	}
}

// do answers with the body of a 200; anything else is an error with the host's words.
func (h *hostHTTP) do(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
	at := h.at.Load()
	target := *at.base
	target.Path, target.RawQuery = at.base.Path+path, query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+at.token)
	resp, err := at.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	words, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // the status says enough without them
	err = fmt.Errorf("host: %s: %s", resp.Status, strings.TrimSpace(string(words)))
	if resp.StatusCode < 500 {
		return nil, Permanent(err)
	}
	return nil, err
}

func (h *hostHTTP) read(ctx context.Context, method, path string, query url.Values, body io.Reader, into proto.Message) error {
	answer, err := h.do(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	data, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, into)
}

func (h *hostHTTP) OpenFile(ctx context.Context, attachmentID string) (io.ReadCloser, error) {
	return h.do(ctx, http.MethodGet, "/files/"+attachmentID, nil, nil)
}

func (h *hostHTTP) SaveFile(ctx context.Context, name string, r io.Reader) (Attachment, error) {
	var a pluginv1.Attachment
	err := h.read(ctx, http.MethodPost, "/files", url.Values{"name": {name}}, r, &a)
	return attachmentOf(&a), err
}

func (h *hostHTTP) Sessions(ctx context.Context, q SessionQuery) ([]*Session, string, error) {
	query := url.Values{"status": {q.Status}, "cursor": {q.Cursor}, "limit": {strconv.Itoa(q.Limit)}}
	var list pluginv1.SessionList
	if err := h.read(ctx, http.MethodGet, "/sessions", query, nil, &list); err != nil {
		return nil, "", err
	}
	return mapAll(list.GetSessions(), sessionOf), list.GetNext(), nil
}

func (h *hostHTTP) Session(ctx context.Context, id string) (*Session, error) {
	var s pluginv1.Session
	if err := h.read(ctx, http.MethodGet, "/sessions/"+id, nil, nil, &s); err != nil {
		return nil, err
	}
	return sessionOf(&s), nil
}

func (h *hostHTTP) Messages(ctx context.Context, q MessageQuery) ([]*Message, bool, error) {
	query := url.Values{
		"after":  {strconv.FormatInt(q.After, 10)},
		"before": {strconv.FormatInt(q.Before, 10)},
		"limit":  {strconv.Itoa(q.Limit)},
	}
	var list pluginv1.MessageList
	if err := h.read(ctx, http.MethodGet, "/sessions/"+q.SessionID+"/messages", query, nil, &list); err != nil {
		return nil, false, err
	}
	return mapAll(list.GetMessages(), messageOf), list.GetHasMore(), nil
}

func (h *hostHTTP) Threads(ctx context.Context, q SessionQuery) ([]*Thread, string, error) {
	query := url.Values{"status": {q.Status}, "cursor": {q.Cursor}, "limit": {strconv.Itoa(q.Limit)}}
	var list pluginv1.ThreadList
	if err := h.read(ctx, http.MethodGet, "/threads", query, nil, &list); err != nil {
		return nil, "", err
	}
	return mapAll(list.GetThreads(), threadOf), list.GetNext(), nil
}

func (h *hostHTTP) Links(ctx context.Context, thread string, limit int) ([]Link, error) {
	query := url.Values{"thread": {thread}, "limit": {strconv.Itoa(limit)}}
	var list pluginv1.LinkList
	if err := h.read(ctx, http.MethodGet, "/links", query, nil, &list); err != nil {
		return nil, err
	}
	return mapAll(list.GetLinks(), linkOf), nil
}
