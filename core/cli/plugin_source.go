package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/workshop"
)

// built is the command that runs a plugin: where it is named by the folder of its source,
// the plugin is built first, into a folder that done removes, and its settings are those of
// its dev.hcl when none were given.
func (f *conformity) built(ctx context.Context, args []string) (command []string, done func(), err error) {
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
	if err == nil && f.settings == "" {
		d := &workbench{folder: folder, dir: dir, listen: "127.0.0.1:0", fields: filepath.Join(folder.Dir, "dev.hcl")}
		f.settings, err = d.settings(ctx, command)
	}
	return append(command, args[1:]...), done, err
}

// settings are the plugin's fields as JSON, as the server would hand them over.
func (d *workbench) settings(ctx context.Context, command []string) (string, error) {
	cfg, err := d.config(command)
	if err != nil {
		return "", fmt.Errorf("%s", d.located(err))
	}
	said, err := host.New(host.Options{Log: quiet()}).Describe(ctx, command[0], command[1:]...)
	if err != nil {
		return "", nil // the checks say why
	}
	for _, b := range cfg.Bridges {
		if b.ID == d.folder.Name {
			return d.decoded(b, fieldsOf(said.Fields))
		}
	}
	return "", nil
}

func (d *workbench) decoded(b *config.Bridge, fields []config.Field) (string, error) {
	text, err := b.Decode(fields)
	if err != nil {
		return "", fmt.Errorf("%s", d.located(err))
	}
	return string(text), nil
}
