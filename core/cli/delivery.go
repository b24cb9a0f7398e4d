package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/store"
)

func newDelivery(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delivery",
		Short: "Look at what bridges and hooks are owed, and at what they cannot take",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeliveryList(g),
		newDeliveryChange(g, "retry", "Have dead letters tried again", `A server that runs tries them within seconds, one that starts soon after its start. What
came later in the session has been delivered: a message that is tried again stands below it.`, (*core.Chat).RetryDeadLetters),
		newDeliveryChange(g, "drop", "Forget dead letters", `The messages themselves stay in their sessions: the bridge just never shows them.`, (*core.Chat).DropDeadLetters))
	return cmd
}

// owedView is what --json prints.
type owedView struct {
	Bridges []core.Backlog    `json:"bridges"`
	Dead    []*deadLetterView `json:"dead"`
}

type deadLetterView struct {
	ID string `json:"id"`
	*core.DeadLetter
}

func newDeliveryList(g *globals) *cobra.Command {
	q := core.DeliveryQuery{Limit: 100}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show what waits for each bridge and hook, and the dead letters",
		Long: `Shows how much waits for each bridge and hook, since when, and the dead letters: what it
refused for good, or could not take in eight tries over more than an hour.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, _ []*core.Project) error {
				view, err := owed(cmd.Context(), cfg, s, q)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), view)
				}
				return describeOwed(cmd.OutOrStdout(), view, q.Limit)
			})
		},
	}
	cmd.Flags().StringVar(&q.BridgeID, "bridge", "", "only of the `bridge` or hook")
	cmd.Flags().IntVar(&q.Limit, "limit", q.Limit, "how many dead letters at most; 0: all")
	return cmd
}

// owed reads what is owed to the bridges of the file, and to those that were there once.
func owed(ctx context.Context, cfg *config.Config, s *store.Store, q core.DeliveryQuery) (*owedView, error) {
	backlogs, err := s.Backlogs(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string]core.Backlog{}
	for _, b := range backlogs {
		by[b.BridgeID] = b
	}
	view := &owedView{Bridges: []core.Backlog{}, Dead: []*deadLetterView{}}
	add := func(id string) {
		if b, ok := by[id]; q.BridgeID == "" || q.BridgeID == id {
			if !ok {
				b.BridgeID = id
			}
			view.Bridges = append(view.Bridges, b)
		}
		delete(by, id)
	}
	for _, b := range cfg.Bridges {
		add(b.ID)
	}
	for _, b := range backlogs {
		if _, ok := by[b.BridgeID]; ok {
			add(b.BridgeID)
		}
	}
	if q.BridgeID != "" && len(view.Bridges) == 0 {
		return nil, noBridge(cfg, q.BridgeID)
	}
	letters, err := s.DeadLetters(ctx, q)
	for _, l := range letters {
		view.Dead = append(view.Dead, &deadLetterView{l.ID(), l})
	}
	return view, err
}

func noBridge(cfg *config.Config, id string) error {
	var ids []string
	for _, b := range cfg.Bridges {
		ids = append(ids, b.ID)
	}
	return fmt.Errorf("no bridge or hook %q in %s, and nothing is owed to one: there are %s", id, cfg.Path, strings.Join(ids, ", "))
}

func describeOwed(w io.Writer, v *owedView, limit int) error {
	var rows []table.Row
	for _, b := range v.Bridges {
		since := ""
		if !b.Oldest.IsZero() {
			since = b.Oldest.Std().Local().Format(time.DateTime)
		}
		rows = append(rows, table.Row{b.BridgeID, b.Waiting, since, b.Dead})
	}
	printTable(w, table.Row{"Bridge", "Waiting", "Since", "Dead letters"}, rows)
	if len(v.Dead) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	rows = nil
	for _, l := range v.Dead {
		state := ""
		if l.Again {
			state = " (about to be tried again)"
		}
		rows = append(rows, table.Row{l.ID, l.Type, l.At.Std().Local().Format(time.DateTime), l.Reason + state})
	}
	printTable(w, table.Row{"Dead letter", "What", "Since", "Why"}, rows)
	if len(v.Dead) == limit {
		fmt.Fprintf(w, "\nThere may be more: --limit 0 shows all.\n")
	}
	_, err := fmt.Fprint(w, "\n`pocketping delivery retry ID` tries one again, `pocketping delivery drop ID` forgets it; --bridge names all of a bridge.\n")
	return err
}

type changeDead func(c *core.Chat, ctx context.Context, q core.DeliveryQuery) (int64, error)

func newDeliveryChange(g *globals, verb, short, long string, change changeDead) *cobra.Command {
	bridge := ""
	cmd := &cobra.Command{
		Use:   verb + " [id]…",
		Short: short,
		Long:  short + ": those with the ids, as `pocketping delivery list` shows them, or with --bridge all of a bridge.\n\n" + long,
		RunE: func(cmd *cobra.Command, ids []string) error {
			queries, err := lettersOf(ids, bridge, verb)
			if err != nil {
				return err
			}
			return withProjects(cmd.Context(), g, func(_ *config.Config, s *store.Store, _ []*core.Project) error {
				chat, total := core.NewChat(core.Options{Store: s}), int64(0)
				for _, q := range queries {
					n, err := change(chat, core.WithActor(cmd.Context(), "command line"), q)
					if core.IsCode(err, core.CodeNotFound) {
						return fmt.Errorf("%s: `pocketping delivery list` shows those that there are", core.AsError(err).Message)
					}
					if err != nil {
						return err
					}
					total += n
				}
				if g.json {
					return printJSON(cmd.OutOrStdout(), map[string]any{"action": verb, "letters": total})
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s.\n", map[string]string{"retry": "To be tried again", "drop": "Dropped"}[verb], letters(total))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&bridge, "bridge", "", "all of the `bridge` or hook")
	return cmd
}

func letters(n int64) string {
	if n == 1 {
		return "1 dead letter"
	}
	return fmt.Sprintf("%d dead letters", n)
}

// lettersOf reads what the letters are named by.
func lettersOf(ids []string, bridge, verb string) (queries []core.DeliveryQuery, err error) {
	if (len(ids) == 0) == (bridge == "") {
		return nil, fmt.Errorf("%s which? Name ids, as `pocketping delivery list` shows them, or with --bridge all of a bridge", verb)
	}
	if bridge != "" {
		return []core.DeliveryQuery{{BridgeID: bridge}}, nil
	}
	for _, id := range ids {
		bridge, session, seq, err := core.ParseDeliveryID(id)
		if err != nil {
			return nil, fmt.Errorf("%w, and `pocketping delivery list` shows them", err)
		}
		queries = append(queries, core.DeliveryQuery{BridgeID: bridge, SessionID: session, Seq: seq})
	}
	return queries, nil
}
