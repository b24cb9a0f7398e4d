package core

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Project is one website or app: its keys, how its widget looks, and the
// bridges that its sessions are owed to.
type Project struct {
	ID           string        `json:"id"`
	Slug         string        `json:"slug"` // its name in config.hcl and in bridge ids
	Name         string        `json:"name"`
	Origins      []string      `json:"origins"`
	PublicKey    string        `json:"publicKey"`
	SecretHash   []byte        `json:"-"`
	IdentityKey  string        `json:"-"`
	OldKeys      []OldKey      `json:"-"` // that were replaced
	ReopenWithin time.Duration `json:"-"`
	Identity     string        `json:"identity,omitempty"` // whether visitors are signed in: see IdentityRequired; empty: they may be
	Widget       Widget        `json:"widget"`
	Hours        *Hours        `json:"-"`        // when somebody answers; nil: always
	Editable     bool          `json:"editable"` // over the API: the configuration does not name it
	Bridges      []string      `json:"-"`        // ids of the bridges and hooks that are owed its events
	Aliases      []Alias       `json:"-"`        // who answers, as the project presents them
	Retention    Retention     `json:"-"`
	Reminder     *Reminder     `json:"-"` // nil: nobody is reminded
	Standby      []string      `json:"-"` // those of Bridges that have the sessions only that are escalated to them
	Track        TrackRule     `json:"-"`
	Hooks        []string      `json:"-"` // those of Bridges that nobody answers through

	FileKeys map[string]bool `json:"-"` // kinds of keys that the configuration sets: they are rotated there
}

// having are the bridges and hooks that have the session.
func (p *Project) having(s *Session) []string {
	return without(p.Bridges, func(b string) bool { return slices.Contains(p.Standby, b) && !slices.Contains(s.Escalated, b) })
}

// AllowsOrigin reports whether a page of the origin may use the project. An
// origin is scheme://host[:port]; "https://*.example.com" names all subdomains,
// "http://localhost:*" any port, "*" any origin (for trying things out).
func (p *Project) AllowsOrigin(origin string) bool {
	if origin == "" || origin == "null" {
		return false
	}
	return slices.ContainsFunc(p.Origins, func(allowed string) bool { return originMatches(allowed, origin) })
}

func originMatches(allowed, origin string) bool {
	if allowed == "*" || strings.EqualFold(allowed, origin) {
		return true
	}
	scheme, domain, ok := strings.Cut(allowed, "://*.")
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	if host, anyPort := strings.CutSuffix(allowed, ":*"); anyPort {
		return strings.EqualFold(host, strings.TrimSuffix(u.Scheme+"://"+u.Host, ":"+u.Port()))
	}
	if !ok || !strings.EqualFold(u.Scheme, scheme) {
		return false
	}
	return strings.HasSuffix(strings.ToLower(u.Host), "."+strings.ToLower(domain))
}
