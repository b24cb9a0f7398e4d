package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core/store"
)

func newBackup(g *globals) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "backup <file>",
		Short: "Write the database and the files into one archive, while the server runs",
		Long: `Writes the database and the files of visitors and operators into one zip, while a server
may run and write: what was stored when it began is in it. The file appears when it is whole, and
only this user can read it. It holds all that visitors wrote, and the keys of projects.

SQLite needs room for a second copy of the database beside the archive; Postgres needs pg_dump.`,
		Example: `  pocketping backup /var/backups/pocketping-$(date +%F).zip`,
		Args:    needFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			path := args[0]
			if path == "-" {
				return fmt.Errorf("a backup goes to a file: %s needs its name", cmd.CommandPath())
			}
			var c *store.Contents
			err = writeFile(path, force, func(w io.Writer) (err error) {
				c, err = store.Backup(cmd.Context(), store.Place{URL: cfg.Database.URL, Files: cfg.Files.Dir}, version(), filepath.Dir(path), w)
				return err
			})
			if err != nil {
				return err
			}
			return sayBackup(cmd.OutOrStdout(), g, path, c, "Wrote %s: %s, %s.\n")
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the file when there is one")
	return cmd
}

func newRestore(g *globals) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "restore <file>",
		Short: "Put a backup in the place of the database and the files",
		Long: `Checks all of a backup, and puts its database and its files where the configuration says.
The server must not run. What is there is kept unless --force is given: then it is replaced, on
Postgres every table of the database. The next start brings the tables up to date.`,
		Args: needFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			a, err := store.OpenBackup(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // it was only read
			if err := a.Restore(cmd.Context(), store.Place{URL: cfg.Database.URL, Files: cfg.Files.Dir}, force); err != nil {
				return err
			}
			return sayBackup(cmd.OutOrStdout(), g, args[0], &a.Contents, "Restored %s: %s, %s.\n")
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the database and the files that are there")
	return cmd
}

func sayBackup(w io.Writer, g *globals, path string, c *store.Contents, text string) error {
	if g.json {
		return printJSON(w, struct {
			Path string `json:"path"`
			*store.Contents
		}{path, c})
	}
	_, err := fmt.Fprintf(w, text, path, "the database ("+c.Database+") as of "+c.At.Std().Local().Format(time.DateTime), fmt.Sprintf("%d files", c.Files))
	return err
}

func needFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s needs the name of one file", cmd.CommandPath())
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: %s needs the name of a file", args[0], cmd.CommandPath())
	}
	return nil
}
