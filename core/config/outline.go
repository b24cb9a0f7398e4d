package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Outline is what a configuration says: its blocks, and in each its fields, by their
// names in the file. A value is JSON, and of what may be secret a digest.
type Outline map[string]map[string]string

// secrets are fields whose values an Outline does not hold.
var secrets = []string{"admin_token", "metrics_token", "secret_key", "identity_key", "remote_key", "env"}

// Outline is that of the configuration; the key makes digests that tell nothing to who
// does not have it.
func (c *Config) Outline(key []byte) Outline {
	digest := func(value []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write(value)
		return "digest " + base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:16])
	}
	o := Outline{}
	add := func(block string, v any) {
		o[block] = map[string]string{}
		for name, value := range fieldsOf(v) {
			if name = snake(name); slices.Contains(secrets, name) && string(value) != `""` && string(value) != "null" {
				o[block][name] = digest(value)
			} else {
				o[block][name] = string(value)
			}
		}
	}
	add("server", c.Server)
	add("plugins", c.Plugins)
	add("files", c.Files)
	add("limits", c.Limits)
	o["database"] = map[string]string{"url": digest([]byte(c.Database.URL))}
	for _, p := range c.Projects {
		add(fmt.Sprintf("project %q", p.Slug), p)
	}
	for _, b := range c.Bridges {
		block := b.Block()
		add(block, b)
		for name, f := range b.fields {
			if value, err := ctyjson.Marshal(f.value, f.value.Type()); err == nil {
				o[block][name] = digest(value)
			}
		}
	}
	return o
}

// Block is what an Outline calls the bridge or hook.
func (b *Bridge) Block() string { return fmt.Sprintf("%s %q", b.Kind, b.ID) }

// fieldsOf are the exported fields of a struct.
func fieldsOf(v any) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // all that is in a Config can be written as JSON
	}
	return fields
}

// snake is the name in the file of a field: "SecretKey" is secret_key.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// Changes are what an outline says and another did not, each in words, by block.
type Changes struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
}

// None reports whether there are none.
func (c Changes) None() bool { return len(c.Added)+len(c.Changed)+len(c.Removed) == 0 }

// Since compares the outline with one from before.
func (o Outline) Since(before Outline) Changes {
	c := Changes{Added: []string{}, Changed: []string{}, Removed: []string{}}
	for _, block := range slices.Sorted(maps.Keys(o)) {
		was, known := before[block]
		if !known {
			c.Added = append(c.Added, block)
		} else if fields := differ(was, o[block]); len(fields) > 0 {
			c.Changed = append(c.Changed, block+": "+strings.Join(fields, ", "))
		}
	}
	for _, block := range slices.Sorted(maps.Keys(before)) {
		if _, still := o[block]; !still {
			c.Removed = append(c.Removed, block)
		}
	}
	return c
}

// shown are fields whose values people want to see when they change.
var shown = []string{"name", "origins", "public_key"}

// differ are the fields of a block that are not as they were.
func differ(was, is map[string]string) []string {
	var fields []string
	names := map[string]string{}
	maps.Copy(names, was)
	maps.Copy(names, is)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case was[name] == is[name]:
		case slices.Contains(shown, name):
			fields = append(fields, fmt.Sprintf("%s %s → %s", name, was[name], is[name]))
		default:
			fields = append(fields, name)
		}
	}
	return fields
}

// Restarts are the bridges and hooks that cannot go on as they are where they ran
// before with the other outline: what their plugins are started with has changed.
func (c *Config) Restarts(before, now Outline) []*Bridge {
	var changed []*Bridge
	for _, b := range c.Bridges {
		was, is := maps.Clone(before[b.Block()]), maps.Clone(now[b.Block()])
		for _, live := range []string{"operators", "projects", "standby"} { // the core's own affairs
			delete(was, live)
			delete(is, live)
		}
		if len(differ(was, is)) > 0 || before["plugins"]["dir"] != now["plugins"]["dir"] && len(b.Command) == 0 {
			changed = append(changed, b)
		}
	}
	return changed
}

// fixed are fields that a server reads at its start alone.
var fixed = map[string][]string{"server": {"listen", "url", "proxies", "tls"}, "database": {"url"}, "files": {"dir"}}

// KeepFixed puts back what only a restart changes, and names it.
func (c *Config) KeepFixed(running *Config, before, now Outline) (refused []string) {
	for _, block := range slices.Sorted(maps.Keys(fixed)) {
		for _, field := range fixed[block] {
			if before[block][field] != now[block][field] {
				refused = append(refused, block+"."+field+": restart needed")
			}
		}
	}
	was := running.Server
	c.Server.Listen, c.Server.URL, c.Server.Proxies, c.Server.TLS = was.Listen, was.URL, was.Proxies, was.TLS
	c.Database, c.Files.Dir = running.Database, running.Files.Dir
	return refused
}
