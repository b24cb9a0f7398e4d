package packages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"aead.dev/minisign"
)

// fetchTimeout bounds a whole download.
const fetchTimeout = 10 * time.Minute

// maxSignature is the size in bytes of the largest signature of minisign's.
const maxSignature = 16 << 10

// IsAddress reports whether the archive is to be fetched.
func IsAddress(from string) bool { return strings.Contains(from, "://") }

// Fetch brings the archive, and its signature where it has one, into the folder, and
// returns where they are. Files are left where they lie. Addresses must be https, and
// so must those that they lead to; client nil is http.DefaultClient.
func Fetch(ctx context.Context, client *http.Client, from, folder string) (archive, signature string, err error) {
	if !IsAddress(from) {
		if _, err := os.Stat(from + ".minisig"); err == nil {
			signature = from + ".minisig"
		}
		return from, signature, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", "", errors.New("an archive comes from a file, or from an https address without a password in it")
	}
	archive = path.Join(folder, "archive.tar.gz")
	if err := download(ctx, client, u.String(), archive, maxArchive); err != nil {
		return "", "", err
	}
	u.Path += ".minisig"
	signature = archive + ".minisig"
	if err := download(ctx, client, u.String(), signature, maxSignature); errors.Is(err, errNotThere) {
		return archive, "", nil
	} else if err != nil {
		return "", "", err
	}
	return archive, signature, nil
}

var errNotThere = errors.New("there is nothing")

func download(ctx context.Context, client *http.Client, from, to string, most int64) error {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > 5 {
			return errors.New("it leads away from https, or too often elsewhere")
		}
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	resp, err := own.Do(req)
	if err != nil {
		return fmt.Errorf("the archive cannot be fetched: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusGone:
		return fmt.Errorf("%s: %w (%s)", from, errNotThere, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s: try again later", from, resp.Status)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(resp.Body, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%s is larger than %d bytes", from, most)
	}
	return errors.Join(err, f.Close())
}

// CheckSignature says that the archive, as it was opened, is not signed with minisign's
// public key: its text, or the file that has it. It returns the key's text.
func (a *Archive) CheckSignature(signature, key string) (string, error) {
	if raw, err := os.ReadFile(key); err == nil {
		key = string(raw)
	}
	var public minisign.PublicKey
	if err := public.UnmarshalText([]byte(strings.TrimSpace(key))); err != nil {
		return "", errors.New("the key is none of minisign's: give the line that begins with RW, or the file minisign.pub")
	}
	if signature == "" {
		return "", errors.New("it is not signed: its signature must lie beside it, as <archive>.minisig")
	}
	sig, err := os.ReadFile(signature)
	if err != nil {
		return "", err
	}
	message, err := os.ReadFile(a.Path)
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(message); hex.EncodeToString(sum[:]) != a.SHA256 { // what is signed is what was shown, and is unpacked
		return "", fmt.Errorf("%s was changed while it was read", a.Path)
	}
	if !minisign.Verify(public, message, sig) {
		return "", fmt.Errorf("its signature is not that of the key %016X: it is another's, or it was changed", public.ID())
	}
	return public.String(), nil
}
