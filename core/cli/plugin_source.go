package cli

import (
	"context"
	"os"
	"path/filepath"

	"github.com/pocketping/pocketping/core/workshop"
)

// built is the command that runs a plugin: where it is named by the folder of its source,
// the plugin is built first, into a folder that done removes.
func built(ctx context.Context, args []string) (command []string, done func(), err error) {
	done = func() {}
	if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
		return args, done, nil
	}
	folder, err := workshop.Open(args[0])
	if err != nil {
		return nil, done, err
	}
	if err := folder.Prepare(ctx, os.Stderr); err != nil {
		return nil, done, err
	}
	dir, err := os.MkdirTemp("", "pocketping-build-")
	if err != nil {
		return nil, done, cause(err)
	}
	done = func() { _ = os.RemoveAll(dir) }
	command, err = folder.Build(ctx, filepath.Join(dir, folder.Name))
	return append(command, args[1:]...), done, err
}
