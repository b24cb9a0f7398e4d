package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// prober is a back end that asks again and again to have something stored.
type prober struct {
	w       *world
	session string
	n       int
	acked   []string // texts of posts that the server says it has stored

	posts, uploads int           // that were refused as they should be
	worst          time.Duration // until it was served again
}

// answer is what a request came to.
type answer struct {
	asked  string
	status int
	retry  string // in how many seconds
}

func (a answer) taken() bool { return 0 < a.status && a.status < 300 }

// await returns when there is a session to write in.
func (p *prober) await(ctx context.Context, c *crowd) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	page := c.chats[0].page
	err := page.Wait(ctx, func(s visitor.State) bool { return s.SessionID != "" })
	p.session = page.State().SessionID
	return err
}

// refused asks until a post and an upload are refused, and the server says that it is
// not ready.
func (p *prober) refused(ctx context.Context, r *row) error {
	ctx, cancel := context.WithTimeout(ctx, refusedWithin)
	defer cancel()
	post, upload, unready := false, false, false
	for !post || !upload || !unready {
		for ask, is := range map[*bool]func(context.Context) (answer, error){&post: p.post, &upload: p.upload, &unready: p.ready} {
			res, err := is(ctx)
			if err != nil {
				return fmt.Errorf("not refused within %s (posts %v, uploads %v, readyz %v): %w", refusedWithin, post, upload, unready, err)
			}
			if res.taken() {
				continue
			}
			*ask = true
			if res.status != http.StatusServiceUnavailable || res.retry == "" {
				r.breaks("%s is refused with %d, Retry-After %q", res.asked, res.status, res.retry)
			}
		}
		if !sleep(ctx, lookEvery) {
			return fmt.Errorf("not refused within %s: posts %v, uploads %v, readyz %v", refusedWithin, post, upload, unready)
		}
	}
	p.posts++
	p.uploads++
	return nil
}

// served asks until a post and an upload are taken, and the server says it is ready.
func (p *prober) served(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, refusedWithin)
	defer cancel()
	for _, ask := range []func(context.Context) (answer, error){p.post, p.upload, p.ready} {
		for {
			res, err := ask(ctx)
			if err == nil && res.taken() {
				break
			}
			if !sleep(ctx, lookEvery) {
				return fmt.Errorf("not served again within %s: %s %d %w", refusedWithin, res.asked, res.status, err)
			}
		}
	}
	p.worst = max(p.worst, time.Since(began))
	return nil
}

func (p *prober) post(ctx context.Context) (answer, error) {
	p.n++
	text := fmt.Sprintf("probe %d of a back end", p.n)
	body, err := json.Marshal(map[string]string{"text": text, "clientId": fmt.Sprint("probe-", p.n)})
	if err != nil {
		return answer{}, err
	}
	res, err := p.do(ctx, http.MethodPost, "/v1/sessions/"+p.session+"/messages", "application/json", body)
	if err == nil && res.taken() {
		p.acked = append(p.acked, text)
	}
	return res, err
}

const uploadSize = 300 << 10

func (p *prober) upload(ctx context.Context) (answer, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "notes.txt")
	if err == nil {
		_, err = part.Write(bytes.Repeat([]byte("a line of text\n"), uploadSize/15))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return answer{}, err
	}
	return p.do(ctx, http.MethodPost, "/v1/uploads", form.FormDataContentType(), b.Bytes())
}

func (p *prober) ready(ctx context.Context) (answer, error) {
	return p.do(ctx, http.MethodGet, "/readyz", "", nil)
}

func (p *prober) do(ctx context.Context, method, path, kind string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.w.core.URL+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return answer{method + " " + path, res.StatusCode, res.Header.Get("Retry-After")}, err
}

// check wants each acked post in the store, once.
func (p *prober) check(ctx context.Context, r *row) error {
	sessions, err := p.w.stored(ctx)
	if err != nil {
		return err
	}
	var texts []string
	for _, m := range sessions[p.session].messages {
		texts = append(texts, m.text)
	}
	r.count("what a back end wrote", texts, p.acked)
	return nil
}
