package host

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const kindHook = "hook"

// Spec is one bridge or hook block of config.hcl.
type Spec struct {
	ID     string // <project>.<name>, or <name> of a shared one
	Kind   string // of the block: bridge or hook; empty: whatever the plugin is
	Plugin string // the plugin's name
	Path   string // of its binary
	Args   []string
	SHA256 string            // of the binary, in hex; empty: not pinned
	Env    map[string]string // beside what every plugin gets
	MTLS   bool
	Limits Limits
	// Verify says that the program, found at the path, is none that may run; what it was
	// pinned by tells versions apart that have the same program. nil: any may.
	Verify func(path string) (pinned string, err error)

	broken   error                  // why it cannot be launched
	Pace     string                 // empty or "platform": the plugin's limits; "none"; "N/time": one limit for all
	Events   []string               // types that it is told of, of those that its plugin takes; nil: all
	Projects func() []*core.Project // that it serves, as they are now; nil: none
	// Config makes the plugin's config out of what the plugin declares: a JSON
	// object. Its error is for whoever wrote the block. nil: an empty one.
	Config func(fields []Field) (json []byte, err error)
	// AsVisitor lets a plugin that speaks as visitors do so.
	AsVisitor bool
	// KeyHash is that of the key that a remote plugin shows: it connects, in place of being
	// launched. Empty: it is launched.
	KeyHash []byte
	// Debugged: somebody may hold it with a debugger. It is not given up for its silence.
	Debugged bool
}

// Field is one attribute that a plugin declares for its block.
type Field struct {
	Name      string
	Type      string // string, int, bool, strings
	Required  bool
	Secret    bool
	Exclusive bool // one block alone may have its value
	Help      string
	Default   json.RawMessage // empty: none
}

// ConfigError is what is wrong with a field of a plugin's block, or with the block.
type ConfigError struct{ Field, Reason string }

func (e *ConfigError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

var fieldTypes = map[pluginv1.FieldType]string{
	pluginv1.FieldType_FIELD_TYPE_STRING:  "string",
	pluginv1.FieldType_FIELD_TYPE_INT:     "int",
	pluginv1.FieldType_FIELD_TYPE_BOOL:    "bool",
	pluginv1.FieldType_FIELD_TYPE_STRINGS: "strings",
}

func fieldsOf(wire []*pluginv1.Field) []Field {
	fields := make([]Field, len(wire))
	for i, f := range wire {
		fields[i] = Field{
			Name: f.GetName(), Type: fieldTypes[f.GetType()], Required: f.GetRequired(),
			Secret: f.GetSecret(), Exclusive: f.GetExclusive(), Help: f.GetHelp(), Default: json.RawMessage(f.GetDefaultJson()),
		}
	}
	return fields
}

func (s *Spec) config(fields []Field) ([]byte, error) {
	if s.Config == nil {
		return []byte("{}"), nil
	}
	return s.Config(fields)
}

// declared are the plugin's quotas.
func declared(wire []*pluginv1.Limit) []limit {
	var limits []limit
	for _, l := range wire {
		if l.GetCalls() > 0 && l.GetPer().AsDuration() > 0 {
			limits = append(limits, limit{
				scope: l.GetScope(), calls: int(l.GetCalls()), per: l.GetPer().AsDuration(), events: l.GetEvents(),
			})
		}
	}
	return limits
}

// limits are those that the host keeps: the plugin's, or what Pace says.
func (s *Spec) limits(declared []limit) ([]limit, error) {
	switch s.Pace {
	case "none":
		return nil, nil
	case "", "platform":
		return declared, nil
	}
	n, per, ok := strings.Cut(s.Pace, "/")
	calls, err := strconv.Atoi(n)
	d, errPer := time.ParseDuration(per)
	if !ok || err != nil || errPer != nil || calls < 1 || d <= 0 {
		return nil, fmt.Errorf(`pace %q is not understood: write "N/time", such as "20/1m", or "none"`, s.Pace)
	}
	return []limit{{calls: calls, per: d}}, nil
}

// passed on from the host's environment; a plugin gets nothing else of it.
var passed = []string{
	"PATH", "HOME", "TMPDIR", "TZ", "LANG",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
}

// passedWindows is what programs on Windows do not start without.
var passedWindows = []string{"SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}

// environ is a plugin's whole environment, but for what go-plugin adds.
func (s *Spec) environ(socketDir string) []string {
	names := passed
	if runtime.GOOS == "windows" {
		names = slices.Concat(passed, passedWindows)
	}
	env := []string{
		pluginv1.HostPIDEnv + "=" + strconv.Itoa(os.Getpid()),
		pluginv1.SocketDirEnv + "=" + socketDir,
	}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if s.Limits.User != "" {
		env = append(env, homeOf(s.Limits.User)...)
	}
	for name, value := range s.Env {
		env = append(env, name+"="+value)
	}
	return env
}
