package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/store"
)

func newProject(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "project",
		Short: "Look at the projects and change their keys",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProjectList(g), newProjectShow(g), newProjectRotate(g))
	return cmd
}

// configured is what the file says of projects.
func configured(cfg *config.Config) core.Configured {
	c := core.Configured{Path: cfg.Path, Shared: cfg.ProjectBridges("")}
	for _, p := range cfg.Projects {
		project := &core.Project{
			Slug: p.Slug, Name: p.Name, Origins: p.Origins, ReopenWithin: p.ReopenWithin, Identity: p.Identity,
			Widget: p.Widget, Hours: p.Hours.Core(), Bridges: cfg.ProjectBridges(p.Slug),
			FileKeys: map[string]bool{core.KindSecretKey: p.SecretKey != "", core.KindIdentity: p.IdentityKey != ""},
		}
		cfg.Care(p, project)
		for _, o := range p.Operators {
			project.Aliases = append(project.Aliases, core.Alias{IDs: o.IDs, Name: o.Name, Avatar: o.Avatar})
		}
		c.Projects = append(c.Projects, project)
	}
	return c
}

// syncProjects makes the store's projects be as the file says.
func syncProjects(ctx context.Context, cfg *config.Config, s *store.Store) error {
	var specs []store.ProjectSpec
	for _, p := range cfg.Projects {
		specs = append(specs, store.ProjectSpec{
			Slug: p.Slug, Name: p.Name, Origins: p.Origins,
			PublicKey: p.PublicKey, SecretKey: p.SecretKey, IdentityKey: p.IdentityKey, KeyOverlap: p.KeyOverlap,
			ReopenWithin: p.ReopenWithin, Widget: p.Widget,
		})
	}
	return s.SyncProjects(ctx, specs)
}

// knownProjects are the projects as the file has them, with their ids and keys, and
// those that were made over the API. What the file changes is changed by serve alone;
// only where none of it has been served yet, its projects are made.
func knownProjects(ctx context.Context, cfg *config.Config, s *store.Store) ([]*core.Project, error) {
	stored, err := s.Projects(ctx)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		if err := syncProjects(ctx, cfg, s); err != nil {
			return nil, err
		}
		if stored, err = s.Projects(ctx); err != nil {
			return nil, err
		}
	}
	return configured(cfg).Merge(stored), nil
}

// withProjects opens the configured store and hands over the projects.
func withProjects(ctx context.Context, g *globals, use func(*config.Config, *store.Store, []*core.Project) error) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.Database.URL, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it has only read, or has answered
	projects, err := knownProjects(ctx, cfg, s)
	if err != nil {
		return err
	}
	return use(cfg, s, projects)
}

func newProjectList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the projects",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withProjects(cmd.Context(), g, func(cfg *config.Config, _ *store.Store, projects []*core.Project) error {
				if g.json {
					views := []projectView{}
					for _, p := range projects {
						views = append(views, viewProject(p, ""))
					}
					return printJSON(cmd.OutOrStdout(), views)
				}
				if len(projects) == 0 {
					_, err := fmt.Fprintf(cmd.OutOrStdout(), "There is no project yet: add a block project \"…\" { … } to %s.\n", g.config)
					return err
				}
				var rows []table.Row
				for _, p := range projects {
					rows = append(rows, table.Row{p.Slug, p.Name, strings.Join(p.Origins, "\n"), strings.Join(p.Bridges, "\n"), p.PublicKey, madeBy(p, cfg)})
				}
				printTable(cmd.OutOrStdout(), table.Row{"Project", "Name", "Origins", "Bridges", "Public key", "From"}, rows)
				return nil
			})
		},
	}
}

// madeBy is who has the say of a project.
func madeBy(p *core.Project, cfg *config.Config) string {
	switch {
	case p.Editable:
		return "the API"
	case p.ID == "":
		return cfg.Path + ", once it is served"
	}
	return cfg.Path
}

// projectView is a project as --json prints it. Its secret key is known to nobody.
type projectView struct {
	*core.Project
	Bridges []string `json:"bridges"`
	Embed   string   `json:"embed,omitempty"`
}

func viewProject(p *core.Project, url string) projectView {
	v := projectView{Project: p, Bridges: append([]string{}, p.Bridges...)}
	if url != "" {
		v.Embed = fmt.Sprintf(`<script async src="%s/widget.js" data-key="%s"></script>`, url, p.PublicKey)
	}
	return v
}

func newProjectShow(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show <project>",
		Short: "Show a project and the line for its pages",
		Args:  needProject,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withProjects(cmd.Context(), g, func(cfg *config.Config, _ *store.Store, projects []*core.Project) error {
				p, err := findProject(cfg, projects, args[0])
				if err != nil {
					return err
				}
				view := viewProject(p, publicURL(cfg, nil))
				if g.json {
					return printJSON(cmd.OutOrStdout(), view)
				}
				return describeProject(cmd.OutOrStdout(), view)
			})
		},
	}
}

func describeProject(w io.Writer, v projectView) error {
	bridges, origins := strings.Join(v.Bridges, ", "), strings.Join(v.Origins, ", ")
	if bridges == "" {
		bridges = "none: nobody is told what visitors write"
	}
	if origins == "" {
		origins = "none: no site may show the widget"
	}
	_, err := fmt.Fprintf(w, `%s (%s)
  id           %s
  origins      %s
  bridges      %s
  public key   %s
  secret key   known to who has it; pocketping project rotate-key %s makes another

For every page of the site:

  %s
`, color.New(color.Bold).Sprint(v.Name), v.Slug, v.ID, origins, bridges, v.PublicKey, v.Slug, color.CyanString(v.Embed))
	return err
}

func newProjectRotate(g *globals) *cobra.Command {
	kind, overlap := "secret", "24h"
	cmd := &cobra.Command{
		Use:   "rotate-key <project>",
		Short: "Make another key, print it once, and refuse the one before when the overlap is over",
		Long: `Makes another secret key, or with --kind identity another key that signs identities,
and prints it this once. The one before works for the overlap. A server that runs knows
both within seconds.`,
		Args: needProject,
		RunE: func(cmd *cobra.Command, args []string) error {
			still, err := core.ParseDuration(overlap)
			if err != nil {
				return fmt.Errorf("--overlap %w", err)
			}
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, projects []*core.Project) error {
				p, err := findProject(cfg, projects, args[0])
				if err != nil {
					return err
				}
				registry := core.NewProjects(nil)
				registry.Configure(configured(cfg))
				chat := core.NewChat(core.Options{Store: s, Projects: registry, Log: quiet()})
				ctx := core.WithActor(cmd.Context(), "command line")
				key, until, err := chat.RotateKey(ctx, p.ID, map[string]string{"secret": core.KindSecretKey, "identity": core.KindIdentity}[kind], still)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), map[string]any{"project": p.Slug, "kind": kind, "key": key, "oldUntil": until})
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is shown once: keep it where your back end reads it.\n%s\n", color.CyanString(key), beside(still, overlap))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", kind, "`which` key: secret or identity")
	cmd.Flags().StringVar(&overlap, "overlap", overlap, "how `long` the one before works, such as 7d; 0s: not at all")
	return cmd
}

func beside(still time.Duration, overlap string) string {
	if still <= 0 {
		return "The one before is refused from now on, within seconds on every node."
	}
	return fmt.Sprintf("The one before works for %s more.", overlap)
}

func needProject(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return fmt.Errorf("%s needs the name of one project: `pocketping project list` shows them", cmd.CommandPath())
}

func findProject(cfg *config.Config, projects []*core.Project, slug string) (*core.Project, error) {
	var slugs []string
	for _, p := range projects {
		if p.Slug == slug && p.ID == "" {
			return nil, fmt.Errorf("project %q is new in %s and has no keys yet: start the server, or let it read the file again", slug, cfg.Path)
		}
		if p.Slug == slug {
			return p, nil
		}
		slugs = append(slugs, p.Slug)
	}
	return nil, fmt.Errorf("no project %q in %s: there are %s", slug, cfg.Path, strings.Join(slugs, ", "))
}
