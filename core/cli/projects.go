package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

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
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProjectList(g), newProjectShow(g), newProjectRotate(g))
	return cmd
}

// syncProjects makes the store's projects be as the file says, and returns them.
func syncProjects(ctx context.Context, cfg *config.Config, s *store.Store) ([]*core.Project, error) {
	var projects []*core.Project
	for _, p := range cfg.Projects {
		project, err := s.SyncProject(ctx, store.ProjectSpec{
			Slug: p.Slug, Name: p.Name, Origins: p.Origins,
			PublicKey: p.PublicKey, SecretKey: p.SecretKey, IdentityKey: p.IdentityKey,
			ReopenWithin: p.ReopenWithin, Widget: p.Widget, Bridges: cfg.ProjectBridges(p.Slug),
		})
		if err != nil {
			return nil, err
		}
		project.Identity, project.Hours = p.Identity, p.Hours.Core()
		cfg.Care(p, project)
		for _, o := range p.Operators {
			project.Aliases = append(project.Aliases, core.Alias{IDs: o.IDs, Name: o.Name, Avatar: o.Avatar})
		}
		projects = append(projects, project)
	}
	return projects, nil
}

// withProjects opens the configured store and hands over the file's projects.
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
	projects, err := syncProjects(ctx, cfg, s)
	if err != nil {
		return err
	}
	return use(cfg, s, projects)
}

func newProjectList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the projects",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withProjects(cmd.Context(), g, func(_ *config.Config, _ *store.Store, projects []*core.Project) error {
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
					rows = append(rows, table.Row{p.Slug, p.Name, strings.Join(p.Origins, "\n"), strings.Join(p.Bridges, "\n"), p.PublicKey})
				}
				printTable(cmd.OutOrStdout(), table.Row{"Project", "Name", "Origins", "Bridges", "Public key"}, rows)
				return nil
			})
		},
	}
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
	return &cobra.Command{
		Use:   "rotate-key <project>",
		Short: "Make another secret key, print it once, and refuse the one before",
		Args:  needProject,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, projects []*core.Project) error {
				p, err := findProject(cfg, projects, args[0])
				if err != nil {
					return err
				}
				for _, p := range cfg.Projects {
					if p.Slug == args[0] && p.SecretKey != "" {
						return fmt.Errorf("secret_key of project %q is set in %s: change it there", p.Slug, cfg.Path)
					}
				}
				key := core.NewKey(core.KindSecretKey)
				if err := s.RotateKey(cmd.Context(), p.ID, core.KindSecretKey, key, 0); err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), map[string]string{"project": args[0], "secretKey": key})
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is shown once: keep it where your back end reads it.\nA server that runs takes it after its next start.\n", color.CyanString(key))
				return err
			})
		},
	}
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
		if p.Slug == slug {
			return p, nil
		}
		slugs = append(slugs, p.Slug)
	}
	return nil, fmt.Errorf("no project %q in %s: there are %s", slug, cfg.Path, strings.Join(slugs, ", "))
}
