package core

import (
	"context"
	"time"
)

// ProjectStore keeps the projects and their keys.
type ProjectStore interface {
	// Projects are all that are stored, by slug, without their bridges. Those that were
	// made over the API are Editable.
	Projects(ctx context.Context) ([]*Project, error)
	// ProjectsRevision differs when anything that Projects answers does.
	ProjectsRevision(ctx context.Context) (string, error)
	// AddProject stores a project that was made over the API, with its keys. A slug or a
	// key that is taken is CodeConflict.
	AddProject(ctx context.Context, p *Project) error
	// SaveProject stores the name, origins, identity and widget of a project that exists.
	SaveProject(ctx context.Context, p *Project) error
	// RemoveProject removes a project and every row of it in one transaction. Of its
	// attachments a row stays that says no more than the id, until Forget.
	RemoveProject(ctx context.Context, projectID string) (attachmentIDs []string, err error)
	// RotateKey gives the project another key of the kind. The one before works until
	// then; in the past it is refused at once, and so are those that it has replaced.
	RotateKey(ctx context.Context, projectID, kind, key string, until Time) error
}

// OldKey is a key that another has replaced. It works until then.
type OldKey struct {
	Kind  string // KindSecretKey or KindIdentity
	Hash  []byte
	Value string // of an identity key; a secret key is known by its hash alone
	Until Time
}

// ProjectDraft is a project to be made over the API.
type ProjectDraft struct {
	Slug     string
	Name     string // empty: the slug
	Origins  []string
	Identity string // empty: IdentityOptional
	Widget   Widget
}

// Keys are a project's keys, shown this once.
type Keys struct {
	Public   string `json:"publicKey"`
	Secret   string `json:"secretKey"`
	Identity string `json:"identityKey"`
}

// How long a key works beside the one that replaces it.
const (
	KeyOverlap    = 24 * time.Hour // where nothing else is said
	maxKeyOverlap = 90 * 24 * time.Hour
)

// IdentityKeys are the keys that may have signed an identity, the newest first.
func (p *Project) IdentityKeys(now Time) []string {
	var keys []string
	if p.IdentityKey != "" {
		keys = append(keys, p.IdentityKey)
	}
	for _, k := range p.OldKeys {
		if k.Kind == KindIdentity && now < k.Until {
			keys = append(keys, k.Value)
		}
	}
	return keys
}

// LoadProjects reads the projects that are stored, where they have changed since they
// were read. Of many who ask at once, some do it for all.
func (c *Chat) LoadProjects(ctx context.Context) error {
	asked := c.projects.reads.Load()
	c.projects.changing.Lock()
	defer c.projects.changing.Unlock()
	if c.projects.reads.Load() > asked {
		return nil // somebody has begun to read them since, and is done
	}
	return c.loadProjects(ctx)
}

func (c *Chat) loadProjects(ctx context.Context) (err error) {
	c.projects.reads.Add(1)
	defer func() {
		if err != nil {
			c.projects.reads.Add(-1) // it was for nobody
		}
	}()
	revision, err := c.store.ProjectsRevision(ctx)
	if err != nil || revision != "" && revision == c.projects.known() {
		return err
	}
	stored, err := c.store.Projects(ctx)
	if err != nil {
		return err
	}
	c.projects.merge(stored, revision)
	return nil
}

func (p *Projects) known() string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.revision
}

// BySecret finds the project of a back end's key, or fails with CodeUnauthorized. A
// key that is not known here may have been made elsewhere just now.
func (c *Chat) BySecret(ctx context.Context, secret string) (*Project, error) {
	if p := c.projects.bySecret(secret, c.clock.Now()); p != nil {
		return p, nil
	}
	if err := c.LoadProjects(ctx); err != nil {
		return nil, err
	}
	if p := c.projects.bySecret(secret, c.clock.Now()); p != nil {
		return p, nil
	}
	return nil, Errorf(CodeUnauthorized, "unknown secret key: send Authorization: Bearer sk_…, or make a new key with `pocketping project rotate-key`")
}

// AddProject makes a project that the configuration does not name. The bridges that
// serve it are those that serve every project.
func (c *Chat) AddProject(ctx context.Context, d ProjectDraft) (*Project, Keys, error) {
	ctx = context.WithoutCancel(ctx)
	keys := Keys{NewKey(KindPublicKey), NewKey(KindSecretKey), NewKey(KindIdentity)}
	p := &Project{
		ID: NewID(KindProject), Slug: d.Slug, Name: d.Name, Origins: d.Origins, Identity: d.Identity, Widget: d.Widget, Editable: true,
		PublicKey: keys.Public, SecretHash: Hash(keys.Secret), IdentityKey: keys.Identity,
	}
	if err := CheckSlug(d.Slug); err != nil {
		return nil, Keys{}, Errorf(CodeInvalid, "slug %v", err)
	}
	if p.Name == "" {
		p.Name = p.Slug
	}
	if err := p.check(); err != nil {
		return nil, Keys{}, err
	}
	err := c.changeProjects(ctx, func() error {
		if named := bySlug(c.projects.All(), p.Slug); named != nil {
			return Errorf(CodeConflict, "there is a project %q already: take another slug", p.Slug)
		}
		return c.store.AddProject(ctx, p)
	})
	if err != nil {
		return nil, Keys{}, err
	}
	c.note(ctx, p.ID, "project.created", p.Slug, "")
	p, err = c.projects.ByID(p.ID)
	return p, keys, err
}

// RemoveProject removes a project that was made over the API, with everything of it:
// its keys, visitors, sessions and files.
func (c *Chat) RemoveProject(ctx context.Context, projectID string) error {
	ctx = context.WithoutCancel(ctx)
	var files []string
	var slug string
	err := c.changeProjects(ctx, func() error {
		p, err := c.projects.ByID(projectID)
		if err != nil {
			return err
		}
		if !p.Editable {
			return c.inFile(p)
		}
		slug = p.Slug
		files, err = c.store.RemoveProject(ctx, p.ID)
		return err
	})
	if err != nil {
		return err
	}
	c.note(ctx, projectID, "project.removed", slug, "")
	return c.wipe(ctx, files)
}

// RotateKey gives a project another key of the kind, KindSecretKey or KindIdentity,
// and answers with it this once. The one before works for the overlap.
func (c *Chat) RotateKey(ctx context.Context, projectID, kind string, overlap time.Duration) (key string, oldUntil Time, err error) {
	ctx = context.WithoutCancel(ctx)
	if kind != KindSecretKey && kind != KindIdentity {
		return "", 0, Errorf(CodeInvalid, `kind: "secret" or "identity"; a public key stays, for it stands in pages`)
	}
	if overlap < 0 || overlap > maxKeyOverlap {
		return "", 0, Errorf(CodeInvalid, "overlap: from 0 to 90 days")
	}
	key, oldUntil = NewKey(kind), TimeOf(c.clock.Now().Std().Add(overlap))
	err = c.changeProjects(ctx, func() error {
		p, err := c.projects.ByID(projectID)
		if err != nil {
			return err
		}
		if p.FileKeys[kind] {
			return Errorf(CodeForbidden, "the %s of project %q stands in %s: change it there and reload", keyFields[kind], p.Slug, c.projects.file())
		}
		return c.store.RotateKey(ctx, p.ID, kind, key, oldUntil)
	})
	if err != nil {
		return "", 0, err
	}
	c.note(ctx, projectID, "key.rotated", kind, "the one before works until "+oldUntil.String())
	return key, oldUntil, nil
}

// keyFields are the names of keys in the configuration.
var keyFields = map[string]string{KindSecretKey: "secret_key", KindIdentity: "identity_key"}

// changeProjects lets fn store a change, and knows it then.
func (c *Chat) changeProjects(ctx context.Context, fn func() error) error {
	c.projects.changing.Lock()
	defer c.projects.changing.Unlock()
	if err := c.loadProjects(ctx); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return c.loadProjects(ctx)
}

func (c *Chat) inFile(p *Project) error {
	return Errorf(CodeForbidden, "project %q stands in %s, which is the authority for it: change it there and reload", p.Slug, c.projects.file())
}

// file is what the configuration is called.
func (p *Projects) file() string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.says.Path == "" {
		return "the server's configuration"
	}
	return p.says.Path
}

// note keeps in the audit log what was done; that it is done is no less true when it
// cannot be kept.
func (c *Chat) note(ctx context.Context, projectID, action, subject, detail string) {
	if err := c.Audit(ctx, AuditEntry{ProjectID: projectID, Action: action, Subject: subject, Detail: detail}); err != nil {
		c.log.Error("what was done is not in the audit log", "action", action, "subject", subject, "err", err)
	}
}
