package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/packages"
	"github.com/pocketping/pocketping/core/workshop"
)

func newPluginPack() *cobra.Command {
	var out string
	systems := packages.Systems
	cmd := &cobra.Command{
		Use:   "pack FOLDER",
		Short: "Make an archive of a plugin, for others to install",
		Long: `It reads plugin.json in the folder. A plugin in Go is built for each system; of one that names
a command there (run), everything in the folder is packed but for what is hidden and for files of settings (.hcl).
The plugin is run once, to write into the archive what it asks for.`,
		Example: `  pocketping plugin pack ./matrix
  pocketping plugin pack ./matrix --system linux/amd64`,
		Args: oneArg("which plugin? `pocketping plugin pack ./matrix` packs the one in the folder matrix"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if folder, err := workshop.Open(args[0]); err == nil { // what is wrong with the folder, Prepare says
				if err := folder.Prepare(cmd.Context(), cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			source, err := packages.Prepare(cmd.Context(), args[0], systems)
			if err != nil {
				return err
			}
			defer source.Close()
			program := source.Program()
			if program == "" {
				return fmt.Errorf("pack it for %s, too: it is run once to write down what it asks for", packages.System())
			}
			d, err := host.New(host.Options{Log: quiet()}).Describe(cmd.Context(), program)
			if err != nil {
				return err
			}
			m := source.Manifest
			if d.Name != m.Name || d.Kind != m.Kind {
				return fmt.Errorf("%s says that it is the %s %q, and the program that it is the %s %q: let them say the same", packages.ManifestName, m.Kind, m.Name, d.Kind, d.Name)
			}
			if d.Version != m.Version {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s says that this is version %s, and the program that it is %s: servers show the program's\n", packages.ManifestName, m.Version, d.Version)
			}
			archive, err := source.Write(asksOf(d), out)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n  %.1f MB, SHA-256 %s\n  Sign it: minisign -Sm %[1]s\n", archive.Path, float64(archive.Size)/1e6, archive.SHA256)
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", ".", "the `folder` that the archive comes into")
	cmd.Flags().StringSliceVar(&systems, "system", systems, "for a plugin in Go: the `systems` to build it for")
	return cmd
}
