package cli

import (
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/packages"
)

// specOf is a block of the file as the host runs it. The registry knows which projects
// it serves.
func specOf(cfg *config.Config, b *config.Bridge, registry *core.Projects) (host.Spec, error) {
	path, err := "", error(nil)
	if !b.Remote() {
		path, err = programOf(cfg, b)
	}
	if err != nil {
		return host.Spec{}, err
	}
	limits := host.Limits{User: b.User, Memory: b.Memory}
	if b.Remote() {
		limits = host.Limits{} // somebody else's system keeps it to something
	} else if err := limits.Check(); err != nil {
		return host.Spec{}, located(b, err)
	}
	spec := host.Spec{
		ID: b.ID, Kind: b.Kind, Plugin: b.Plugin, Path: path, SHA256: b.SHA256, Env: b.Env, MTLS: b.MTLS, Limits: limits,
		Pace: b.Pace.String(), Events: b.Events, AsVisitor: b.AsVisitor, Debugged: b.Debugged,
		Config: func(fields []host.Field) ([]byte, error) { return b.Decode(fieldsOf(fields)) },
	}
	if len(b.Command) == 0 && b.SHA256 == "" && !b.Remote() {
		spec.Verify = func(path string) (string, error) { return packages.Verify(cfg.Plugins.Dir, b.Plugin, path) }
	}
	if b.Remote() {
		spec.KeyHash = core.Hash(b.RemoteKey)
	}
	if registry != nil {
		spec.Projects = func() []*core.Project { return registry.ServedBy(b.ID) }
	}
	if len(b.Command) > 1 {
		spec.Args = b.Command[1:]
	}
	return spec, nil
}

// specsOf are all blocks of the file.
func specsOf(cfg *config.Config, registry *core.Projects) ([]host.Spec, error) {
	var specs []host.Spec
	var wrong config.Diagnostics
	for _, b := range cfg.Bridges {
		spec, err := specOf(cfg, b, registry)
		var ds config.Diagnostics
		if errors.As(err, &ds) {
			wrong = append(wrong, ds...)
		}
		specs = append(specs, spec)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return specs, nil
}

// programOf is where the plugin's program is said to be; the host says what is
// wrong with it.
func programOf(cfg *config.Config, b *config.Bridge) (string, error) {
	path := filepath.Join(cfg.Plugins.Dir, b.Plugin)
	if len(b.Command) > 0 {
		path = b.Command[0]
		if !strings.ContainsRune(path, filepath.Separator) {
			found, err := exec.LookPath(path)
			if err != nil {
				return "", b.Wrong("command", "there is no program "+path+" in the PATH: install it, or name it by its path")
			}
			return found, nil
		}
	}
	if runtime.GOOS == "windows" && filepath.Ext(path) == "" {
		path += ".exe"
	}
	return filepath.Abs(path)
}

func fieldsOf(fields []host.Field) []config.Field {
	out := make([]config.Field, len(fields))
	for i, f := range fields {
		out[i] = config.Field{Name: f.Name, Type: config.FieldType(f.Type), Required: f.Required, Exclusive: f.Exclusive, Help: f.Help, Default: f.Default}
	}
	return out
}
