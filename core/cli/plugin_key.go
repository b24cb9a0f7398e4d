package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
)

func newPluginKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Make a key for a plugin that connects from elsewhere",
		Long: `Prints a new key. The server finds it as remote_key in the block of the bridge or
hook, the plugin as POCKETPING_BRIDGE_KEY in its environment. It is kept nowhere else.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), core.NewKey(core.KindBridgeKey))
			return err
		},
	}
}
