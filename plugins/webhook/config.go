package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Config is the block of the hook in config.hcl, beside what the core reads of it.
type Config struct {
	URL          string `hcl:"url" secret:"true" help:"where events are posted, such as https://example.com/hooks/chat"`
	Secret       string `hcl:"secret" secret:"true" help:"signs what is sent: whsec_ and base64, or any text of 16 characters or more"`
	OldSecret    string `hcl:"old_secret,optional" secret:"true" help:"signs beside secret, until the receiver knows the new one"`
	AllowPrivate bool   `hcl:"allow_private,optional" help:"let url lead to a private address, or to this machine"`
	Timeout      int    `hcl:"timeout,optional" default:"10" help:"seconds that the receiver may take, 30 at most"`
}

const (
	maxTimeout = 30 // a run of events has a minute
	minSecret  = 16 // bytes
	prefix     = "whsec_"
)

// settings are what a Config means.
type settings struct {
	url     *url.URL
	keys    [][]byte // the first is the newest
	timeout time.Duration
}

// read names the first field that is wrong. No error quotes a value.
func (c Config) read() (s settings, err error) {
	if s.url, err = url.Parse(strings.TrimSpace(c.URL)); err != nil || s.url.Host == "" || s.url.Scheme != "http" && s.url.Scheme != "https" || s.url.Fragment != "" {
		return s, plugin.FieldError("url", errors.New("give the receiver's whole address, such as https://example.com/hooks/chat"))
	}
	if c.Timeout < 1 || c.Timeout > maxTimeout {
		return s, plugin.FieldError("timeout", fmt.Errorf("%d: give 1 to %d seconds", c.Timeout, maxTimeout))
	}
	s.timeout = time.Duration(c.Timeout) * time.Second
	for _, f := range []struct{ field, value string }{{"secret", c.Secret}, {"old_secret", c.OldSecret}} {
		if f.value == "" && f.field == "old_secret" {
			continue
		}
		key, err := keyOf(f.value)
		if err != nil {
			return s, plugin.FieldError(f.field, err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// keyOf is what a secret signs with.
func keyOf(secret string) (key []byte, err error) {
	secret = strings.TrimSpace(secret)
	key = []byte(secret)
	if coded, ok := strings.CutPrefix(secret, prefix); ok {
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, errors.New("after whsec_ comes base64, and this is none")
		}
	}
	if len(key) < minSecret {
		return nil, fmt.Errorf("is too short to be secret: take %d bytes or more at random; `openssl rand -base64 32` makes one, to write behind whsec_", minSecret)
	}
	return key, nil
}
