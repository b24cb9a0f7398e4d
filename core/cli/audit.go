package cli

import (
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/store"
)

func newAudit(g *globals) *cobra.Command {
	q := core.AuditQuery{}
	slug := ""
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who erased, exported or changed what, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, _ []*core.Project) error {
				projects, err := s.Projects(cmd.Context()) // of the API too
				if err != nil {
					return err
				}
				if slug != "" {
					p, err := findProject(cfg, projects, slug)
					if err != nil {
						return err
					}
					q.ProjectID = p.ID
				}
				entries, _, err := s.AuditLog(cmd.Context(), q)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), entries)
				}
				slugs := map[string]string{}
				for _, p := range projects {
					slugs[p.ID] = p.Slug
				}
				if len(entries) == 0 {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), "Nothing was erased, exported or changed yet.")
					return err
				}
				var rows []table.Row
				for _, e := range entries {
					project := slugs[e.ProjectID]
					if project == "" {
						project = e.ProjectID // one that is no more
					}
					rows = append(rows, table.Row{e.At.Std().Local().Format(time.DateTime), project, e.Actor, e.Action, e.Subject, e.Detail})
				}
				printTable(cmd.OutOrStdout(), table.Row{"When", "Project", "Who", "What", "Of", "Detail"}, rows)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&slug, "project", "", "only of the `project`")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "how many at most, up to 1000")
	return cmd
}
