package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	sniffBytes   = 3072
	formSlack    = 64 << 10 // what a form adds to its file
	uploadWithin = 10 * time.Minute
)

// postUpload takes one file of a visitor, or of a back end, for a post to name.
func (s *Server) postUpload(c echo.Context) error {
	r := c.Request()
	allowOrigin(c.Response().Header(), r)
	if err := s.limits.uploads.take(addressKey(c.RealIP())); err != nil {
		return err
	}
	if r.ContentLength > s.set.Load().MaxUpload+formSlack {
		return s.tooLarge()
	}
	bodyDeadline(c, uploadWithin)
	r.Body = http.MaxBytesReader(c.Response(), r.Body, s.set.Load().MaxUpload+formSlack)
	form, err := r.MultipartReader()
	if err != nil {
		return core.Errorf(core.CodeInvalid, `send a form (multipart/form-data) with the field "file"`)
	}
	if token := bearer(r); !strings.HasPrefix(token, core.KindSecretKey+"_") && !s.allowedByAny(s.originOf(r)) {
		return errOrigin // before anything is read
	}
	file, key, err := fileOf(form, c.QueryParam("key"))
	if err != nil {
		return s.bodyError(err)
	}
	owner, project, err := s.uploader(c, key)
	if err != nil {
		return err
	}
	return s.store(c, project, owner, file)
}

// fileOf finds the file of the form; a key must stand before it.
func fileOf(form *multipart.Reader, key string) (*multipart.Part, string, error) {
	for range 16 {
		part, err := form.NextPart()
		if err != nil {
			break
		}
		switch part.FormName() {
		case "file":
			return part, key, nil
		case "key":
			value, err := io.ReadAll(io.LimitReader(part, 256))
			if err != nil {
				return nil, "", err
			}
			key = string(value)
		}
	}
	return nil, "", core.Errorf(core.CodeInvalid, `the form has no field "file"`)
}

// uploader is whose file it will be.
func (s *Server) uploader(c echo.Context, key string) (string, *core.Project, error) {
	token := bearer(c.Request())
	if strings.HasPrefix(token, core.KindSecretKey+"_") {
		p, err := s.chat.BySecret(c.Request().Context(), token)
		if err != nil {
			return "", nil, err
		}
		return p.ID, p, nil
	}
	p, v, err := s.visitorOf(c.Request().Context(), key, token, s.originOf(c.Request()))
	if err != nil {
		return "", nil, err
	}
	return v.ID, p, mayWrite(p, v.Verified)
}

func (s *Server) store(c echo.Context, p *core.Project, owner string, part *multipart.Part) error {
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(part, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return s.bodyError(err)
	}
	if n == 0 {
		return core.Errorf(core.CodeInvalid, "the file is empty")
	}
	kind, err := s.typeOf(head[:n])
	if err != nil {
		return err
	}
	room, done, err := s.reserve(c.Request().Context(), p, owner, c.Request().ContentLength)
	if err != nil {
		return err
	}
	defer done()
	in := &bounded{r: io.MultiReader(bytes.NewReader(head[:n]), part), left: room}
	a, err := s.chat.Attach(c.Request().Context(), core.Upload{ProjectID: p.ID, Owner: owner, Name: part.FileName(), Type: kind, Body: in})
	switch {
	case errors.Is(in.err, errTooLarge) && room < s.set.Load().MaxUpload:
		return errQuota(s.set.Load().Quota)
	case in.err != nil: // whatever the store made of it
		return s.bodyError(in.err)
	case err != nil:
		return err
	}
	return c.JSON(http.StatusCreated, s.linkedFile(a, p.ID))
}

// bodyError says what is wrong with a body that could not be read to its end.
func (s *Server) bodyError(err error) error {
	var known *core.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge), errors.Is(err, errTooLarge):
		return s.tooLarge()
	}
	return core.Errorf(core.CodeInvalid, "the upload was cut off")
}

func (s *Server) tooLarge() error {
	return core.Errorf(core.CodeTooLarge, "the file is too large: at most %d MiB fit", s.set.Load().MaxUpload>>20)
}

var errTooLarge = errors.New("too large")

// bounded reads at most left bytes, and remembers why it could not go on.
type bounded struct {
	r    io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.err = errTooLarge
		return 0, b.err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
