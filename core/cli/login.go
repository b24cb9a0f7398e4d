package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/web/admin"
)

func newLogin(g *globals) *cobra.Command {
	who, asAdmin := core.Operator{}, false
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Make links that open the operators' pages, or the admin's, once each",
		Long: `Makes a link for each bridge that serves a page for operators, such as the inbox;
with --admin, one for the admin's page.
It opens once, within 15 minutes, and signs the browser in. It may run beside a server.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if who.ID != "" && !operatorID.MatchString(who.ID) {
				return fmt.Errorf("--id %q is no id: use letters, digits, '.', '-' and '_', 64 at most", who.ID)
			}
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, projects []*core.Project) error {
				links, err := loginLinks(cmd.Context(), cfg, s, projects, who, asAdmin)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), links)
				}
				for id, link := range links {
					fmt.Fprintf(cmd.OutOrStdout(), "%-18s %s\n", id, color.CyanString(link))
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asAdmin, "admin", false, "a link that opens the admin's page")
	cmd.Flags().StringVar(&who.Name, "name", defaultOperator, "the operator's or admin's `name`, for the others")
	cmd.Flags().StringVar(&who.ID, "id", "", "the operator's `id`, for operators in the configuration (default: a new one)")
	return cmd
}

var operatorID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// loginLinks makes the links of the command; the keys are what they open.
func loginLinks(ctx context.Context, cfg *config.Config, s *store.Store, projects []*core.Project, who core.Operator, asAdmin bool) (map[string]string, error) {
	if cfg.Server.URL == "" && portOf(cfg) == "0" {
		return nil, fmt.Errorf("server.listen in %s takes any free port: set server.url, or take the links that `pocketping serve` prints", cfg.Path)
	}
	if !asAdmin {
		return pageLinks(ctx, cfg, s, projects, who)
	}
	link, err := adminLink(ctx, s, publicURL(cfg, nil), who)
	return map[string]string{"admin": link}, err
}

// pageLinks makes a link for each bridge that serves a page; the key is its id.
func pageLinks(ctx context.Context, cfg *config.Config, s *store.Store, projects []*core.Project, who core.Operator) (map[string]string, error) {
	specs, err := specsOf(cfg, core.NewProjects(projects))
	if err != nil {
		return nil, err
	}
	pages, err := tryPlugins(ctx, host.New(host.Options{Log: quiet()}), cfg, specs, nil)
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, errors.New("no bridge serves a page: add bridge \"inbox\" {}")
	}
	links := map[string]string{}
	for _, id := range pages {
		if links[id], err = pageLink(ctx, s, publicURL(cfg, nil), id, who); err != nil {
			return nil, err
		}
	}
	return links, nil
}

// defaultOperator is who answers where nobody says a name.
const defaultOperator = "Operator"

// linkLife is how long a link to an operators' page may be opened.
const linkLife = 15 * time.Minute

// pageLink makes a link that opens the bridge's page, once, as somebody: without an
// id as somebody new. Its code stands in the fragment, which browsers keep to
// themselves.
func pageLink(ctx context.Context, logins core.Logins, url, bridgeID string, who core.Operator) (string, error) {
	code, err := newCode(ctx, logins, who, false)
	return url + "/plugins/" + bridgeID + "/#code=" + code, err
}

// adminLink makes a link that opens the admin's page, once.
func adminLink(ctx context.Context, logins core.Logins, url string, who core.Operator) (string, error) {
	code, err := newCode(ctx, logins, who, true)
	return url + admin.Path + "/sign-in#code=" + code, err
}

// newCode is one that signs somebody in, once.
func newCode(ctx context.Context, logins core.Logins, who core.Operator, asAdmin bool) (string, error) {
	code := core.NewKey("code")
	if who.ID == "" {
		who.ID = core.NewID(core.KindOperator)
	}
	return code, logins.AddLogin(ctx, core.Login{
		ID:        who.ID,
		Name:      who.Name,
		CodeHash:  core.Hash(code),
		CodeUntil: core.TimeOf(time.Now().Add(linkLife)),
		Admin:     asAdmin,
	})
}
