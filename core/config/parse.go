package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/pocketping/pocketping/core"
)

func parse(path string, src []byte) (*Config, error) {
	file, diags := hclsyntax.ParseConfig(src, filepath.Clean(path), hcl.InitialPos)
	if diags.HasErrors() {
		return nil, syntaxErrors(diags)
	}
	dir := filepath.Dir(path)
	r := &reader{dir: dir, funcs: functions(dir)}
	c := &Config{Path: filepath.Clean(path)}
	body := file.Body.(*hclsyntax.Body)
	root := r.block("", body, hcl.Range{Filename: c.Path, Start: hcl.InitialPos})

	root.one("server", c.readServer)
	root.one("database", c.readDatabase)
	root.one("plugins", c.readPlugins)
	root.one("files", c.readFiles)
	root.one("limits", c.readLimits)
	root.each("project", func(b *hclsyntax.Block) { c.readProject(r, b) })
	c.readBridges(root, "")
	root.done()

	r.checkAcross(c, body)
	r.checkReminders(c)
	if err := r.diags.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// syntaxErrors keeps the first only: what follows it is mostly its consequence.
func syntaxErrors(diags hcl.Diagnostics) error {
	d := firstError(diags)
	var ds Diagnostics
	text, _, _ := strings.Cut(d.Detail, "\n")
	ds.add(*d.Subject, "%s: %s", strings.ToLower(d.Summary[:1])+d.Summary[1:], text)
	return ds.err()
}

func (c *Config) readServer(b *block) {
	c.Server = Server{
		Listen:       b.str("listen", b.listen(), checkListen),
		URL:          parsed(b, "url", "", parseURL),
		AdminToken:   b.str("admin_token", "", checkToken),
		MetricsToken: b.str("metrics_token", "", checkToken),
		Proxies:      b.readProxies(),
	}
	c.readTLS(b)
}

func (c *Config) readDatabase(b *block) {
	c.Database.URL = parsed(b, "url", "sqlite:"+relative(b.dir, "pocketping.db"), func(s string) (string, error) {
		return parseDatabase(b.dir, s)
	})
}

func (c *Config) readPlugins(b *block) {
	c.Plugins = Plugins{
		Dir:    relative(b.dir, b.str("dir", "bin/plugins", checkFilled)),
		User:   b.str("user", "", checkFilled),
		Memory: parsed(b, "memory", 0, parseMemory),
	}
}

func (c *Config) readFiles(b *block) {
	c.Files = Files{
		Dir:     relative(b.dir, b.str("dir", "files", checkFilled)),
		MaxSize: parsed(b, "max_size", 20_000_000, parseSize),
		Quota:   parsed(b, "quota", 200_000_000, parseSize),
		Types:   b.strs("types", checkType),
	}
}

func (c *Config) readLimits(b *block) {
	proof := b.str("proof_of_work", proofOff, oneOf(proofOff, proofFlooded, proofAlways))
	visitors, open := Rate{}, mostOpen
	if proof == proofFlooded {
		visitors = Rate{60, time.Minute}
	}
	c.Limits = Limits{
		ProofOfWork: proof,
		Visitors:    parsed(b, "visitors", visitors, parseRate),
		Frames:      parsed(b, "frames", Rate{40, 10 * time.Second}, parseRate),
		Sockets:     parsed(b, "sockets", Rate{300, time.Minute}, parseRate),
		Sessions:    parsed(b, "sessions", Rate{200, time.Hour}, parseRate),
		Uploads:     parsed(b, "uploads", Rate{60, 10 * time.Minute}, parseRate),
		Tracks:      parsed(b, "tracks", Rate{60, time.Minute}, parseRate),
		Emits:       parsed(b, "emits", Rate{120, time.Minute}, parseRate),
		Calls:       parsed(b, "calls", Rate{6000, 10 * time.Second}, parseRate),
	}
	if c.Limits.Sockets.None() {
		open = 0
	}
	c.Limits.Open = parsed(b, "open", open, parseCount)
	if proof == proofFlooded && c.Limits.Visitors.None() {
		b.wrong(b.at, `visitors must be a rate, such as "60/1m", where proof_of_work = "flooded": it says what a flood is`)
	}
}

// When new visitors are asked for a proof of work.
const (
	proofOff     = "off"
	proofFlooded = "flooded"
	proofAlways  = "always"
)

// mostOpen is more than the pages that a large office has open.
const mostOpen = 1000

func (c *Config) readProject(r *reader, found *hclsyntax.Block) {
	slug, ok := r.label(found, `project "shop" { … }`)
	if !ok {
		return
	}
	b := r.block(fmt.Sprintf("project %q", slug), found.Body, found.DefRange())
	if slices.ContainsFunc(c.Projects, func(p *Project) bool { return p.Slug == slug }) {
		b.wrong(b.at, "there is another project of this name: each needs its own")
	}
	p := &Project{
		Slug:         slug,
		Name:         b.str("name", slug),
		Origins:      b.strs("origins", core.CheckOrigin),
		PublicKey:    b.str("public_key", "", checkKey("pk_", 4)),
		SecretKey:    b.str("secret_key", "", checkKey("sk_", minSecret)),
		IdentityKey:  b.str("identity_key", "", checkKey("ik_", minSecret)),
		KeyOverlap:   parsed(b, "key_overlap", core.KeyOverlap, core.ParseDuration),
		ReopenWithin: parsed(b, "reopen_within", 24*time.Hour, core.ParseDuration),
		Identity:     b.str("identity", core.IdentityOptional, oneOf(core.IdentityRequired, core.IdentityOptional, core.IdentityOff)),
	}
	if b.body.Attributes["origins"] == nil {
		b.wrong(b.at, `origins is missing: name the sites that may show the widget, such as ["https://%s.example"]`, slug)
	}
	b.one("widget", p.readWidget)
	p.readHours(b)
	p.readOperators(b)
	p.readRetention(b)
	p.readReminder(b)
	p.readTrack(b)
	c.readBridges(b, slug)
	b.done()
	c.Projects = append(c.Projects, p)
}

// label is the only label of a block that needs one.
func (r *reader) label(b *hclsyntax.Block, example string) (string, bool) {
	if len(b.Labels) != 1 {
		r.diags.add(b.DefRange(), "%s needs one name: %s", b.Type, example)
		return "", false
	}
	if err := core.CheckSlug(b.Labels[0]); err != nil {
		r.diags.add(b.DefRange(), "%s %q %v", b.Type, b.Labels[0], err)
		return "", false
	}
	return b.Labels[0], true
}

// checkAcross looks at what no block can know alone.
func (r *reader) checkAcross(c *Config, body *hclsyntax.Body) {
	keys := map[string]string{}
	for _, block := range body.Blocks {
		if block.Type != "project" || len(block.Labels) != 1 {
			continue
		}
		i := slices.IndexFunc(c.Projects, func(p *Project) bool { return p.Slug == block.Labels[0] })
		if i < 0 {
			continue
		}
		p := c.Projects[i]
		for field, key := range map[string]string{"public_key": p.PublicKey, "secret_key": p.SecretKey, "identity_key": p.IdentityKey} {
			if other, ok := keys[key]; ok && key != "" && other != p.Slug {
				r.diags.add(block.Body.Attributes[field].SrcRange, "project %q: %s is that of project %q: each needs its own", p.Slug, field, other)
			}
			keys[key] = p.Slug
		}
	}
	for _, b := range c.Bridges {
		for _, slug := range b.Projects {
			if !slices.ContainsFunc(c.Projects, func(p *Project) bool { return p.Slug == slug }) {
				r.diags.add(b.at, "%s: projects: no project %q%s", b.title(), slug, didYouMean(slug, c.slugs()))
			}
		}
	}
}

func (c *Config) slugs() []string {
	var slugs []string
	for _, p := range c.Projects {
		slugs = append(slugs, p.Slug)
	}
	return slugs
}
