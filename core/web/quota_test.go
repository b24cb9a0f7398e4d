package web

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// onDisk is how many bytes lie in the house's folder of files.
func (h *house) onDisk() (sum int64) {
	h.t.Helper()
	err := filepath.WalkDir(filepath.Join(h.dir, "files"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		sum += info.Size()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return sum
}

func TestQuotaOfADay(t *testing.T) {
	const quota = 300_000
	h := newHouse(t, func(o *Options) { o.Quota = quota })
	_, w := h.open(nil)
	token := w.text("visitor", "token")
	file := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	upload := func(what string, n, want int) obj {
		t.Helper()
		status, o := h.upload(token, acmeOrigin, "a.txt", file(n))
		equal(t, what, status, want)
		return o
	}
	upload("first", 200_000, 201)
	o := upload("too much", 200_000, 413)
	if !strings.Contains(o.text("error", "message"), "tomorrow") {
		t.Errorf("not in words: %v", o)
	}
	upload("what is left", 100_000, 201)
	upload("a byte more", 1, 413)
	equal(t, "on disk", h.onDisk(), quota)

	_, other := h.open(nil)
	status, _ := h.upload(other.text("visitor", "token"), acmeOrigin, "a.txt", file(1))
	equal(t, "another visitor", status, 201)
	status, _ = h.upload(acmeSecret, "", "a.txt", file(400_000))
	equal(t, "the back end", status, 201)
	h.clock.Add(int64(25 * time.Hour))
	upload("the day after", 300_000, 201)
}

// Files that arrive at once, or do not say how large they are, do not pass the quota.
func TestQuotaOfWhatIsUnderWay(t *testing.T) {
	const quota = 500_000
	h := newHouse(t, func(o *Options) { o.Quota = quota })
	_, w := h.open(nil)
	header := func(form *multipart.Writer) map[string]string {
		return map[string]string{
			"Authorization": "Bearer " + w.text("visitor", "token"), "Origin": acmeOrigin, "Content-Type": form.FormDataContentType(),
		}
	}
	// A file of unknown length that stops half-way holds all the room there is.
	r, body := io.Pipe()
	form := multipart.NewWriter(body)
	done := make(chan int)
	go func() {
		status, _, _ := h.call("POST", "/v1/uploads", header(form), r)
		done <- status
	}()
	part, err := form.CreateFormFile("file", "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(bytes.Repeat([]byte("x"), 100_000)); err != nil {
		t.Fatal(err)
	}
	until(t, "it is under way", func() bool {
		h.srv.quota.mu.Lock()
		defer h.srv.quota.mu.Unlock()
		return len(h.srv.quota.underway) == 1
	})
	status, _ := h.upload(w.text("visitor", "token"), acmeOrigin, "b.txt", []byte("small"))
	equal(t, "beside it", status, http.StatusRequestEntityTooLarge)
	_, _ = part.Write(bytes.Repeat([]byte("x"), quota)) // more than there is room for; the server stops reading
	_ = form.Close()
	_ = body.Close()
	equal(t, "too much in the end", <-done, http.StatusRequestEntityTooLarge)
	until(t, "it is gone", func() bool { return h.onDisk() == 0 })
	status, _ = h.upload(w.text("visitor", "token"), acmeOrigin, "b.txt", []byte("small"))
	equal(t, "after it", status, http.StatusCreated)
}

func TestTypesThatAreTaken(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Types = []string{"image/*", "application/pdf"} })
	_, w := h.open(nil)
	for name, want := range map[string]string{
		"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": "201 image/png",
		"%PDF-1.7\n":                          "201 application/pdf",
		"GIF89a\x01\x00\x01\x00":              "201 image/gif",
		"hello":                               "400 ",
		"<svg xmlns=\"http://www.w3.org/2000/svg\"/>": "400 ", // a picture that runs scripts is none
		"PK\x03\x04": "400 ",
	} {
		status, o := h.upload(w.text("visitor", "token"), acmeOrigin, "a.png", []byte(name))
		equal(t, fmt.Sprintf("%q", name), fmt.Sprint(status, " ", o.text("type")), want)
		if status == 400 && !strings.Contains(o.text("error", "message"), "image/*, application/pdf") {
			t.Errorf("not in words: %v", o)
		}
	}
	status, o := h.upload(acmeSecret, "", "a.txt", []byte("hello"))
	equal(t, "the back end", fmt.Sprint(status, " ", o.text("error", "code")), "400 invalid")
}
