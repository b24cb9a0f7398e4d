package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Config is the block of the hook in config.hcl, beside what the core reads of it.
type Config struct {
	APIKey       string `hcl:"api_key" secret:"true" help:"the project's key, phc_…"`
	Host         string `hcl:"host,optional" default:"https://eu.i.posthog.com" help:"where PostHog takes events"`
	Text         bool   `hcl:"text,optional" help:"tell what was written, too"`
	Consent      string `hcl:"consent,optional" help:"the trait or metadata that says that a visitor agrees, as in \"analytics\" or \"analytics=yes\"; the others are left out"`
	AllowPrivate bool   `hcl:"allow_private,optional" help:"let host lead to a private address, or to this machine"`
}

// target names the first field that is wrong, and where batches go.
func (c Config) target() (*url.URL, error) {
	host, err := url.Parse(strings.TrimSpace(c.Host))
	switch {
	case strings.TrimSpace(c.APIKey) == "":
		return nil, plugin.FieldError("api_key", errors.New("is empty: PostHog shows it in the project's settings, as phc_…"))
	case err != nil || host.Host == "" || host.Scheme != "http" && host.Scheme != "https" || host.RawQuery != "" || host.Fragment != "" || host.User != nil:
		return nil, plugin.FieldError("host", errors.New("give the address that takes events, such as https://eu.i.posthog.com or https://us.i.posthog.com"))
	case strings.HasPrefix(c.Consent, "="):
		return nil, plugin.FieldError("consent", errors.New(`name the trait before the "="`))
	}
	return host.JoinPath("batch/"), nil
}
