package kit

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// manySessions is how many connections to the platform are kept, for calls of
// different sessions at once.
const manySessions = 32

// Wire is a transport to the platform's server, which fails when an answer does not
// begin within patience.
func Wire(patience time.Duration) *http.Transport {
	wire := http.DefaultTransport.(*http.Transport).Clone()
	wire.MaxIdleConnsPerHost = manySessions
	wire.ResponseHeaderTimeout = patience
	return wire
}

// APIURL reads the address of a platform's server from a config: without a slash at
// its end; the platform's own where none is given.
func APIURL(given, own string) (string, error) {
	address := strings.TrimRight(given, "/")
	if address == "" {
		address = own
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("give the server's address, such as %s", own)
	}
	return address, nil
}

// Unreached takes the address out of an error of net/http: it can hold a token, or
// be one. Any other error stays as it is.
func Unreached(platform string, err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return fmt.Errorf("%s is not reached: %w", platform, failed.Err)
	}
	return err
}
