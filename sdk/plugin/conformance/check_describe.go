package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var describeChecks = []check{
	{"describe/answers", "Describe answers before Start.", needs{}, describes(func(*pluginv1.DescribeResponse) error { return nil })},
	{"describe/stable", "It says the same of itself twice, and in another launch.", needs{}, describesStably},
	{"describe/name", "Its name is what a block of config.hcl can be called: small letters, digits, - and _.", needs{}, describes(nameOf)},
	{"describe/version", "It has a version, on one line.", needs{}, describes(versionOf)},
	{"describe/kind", "It is a bridge or a hook.", needs{}, describes(kindIsKnown)},
	{"describe/fields", "Each field has a name that a block can have, a known type, and a name that neither another field nor the core has.", needs{}, describes(fieldsAreGood)},
	{"describe/defaults", "Each default is JSON of its field's type.", needs{}, describes(defaultsAreGood)},
	{"describe/secrets", "Fields that are called token, secret, password or key are marked as secret: else they stand in logs.", needs{}, describes(secretsAreMarked)},
	{"describe/events", "The event types that it wants are ones that there are, each once.", needs{}, describes(eventsAreKnown)},
	{"describe/limits", "Each quota has a scope, calls and a time, and the events of each are ones that it wants.", needs{}, describes(limitsAreGood)},
	{"describe/parallel", "It is delivered to in 0 (16 then) to 1,000 sessions at a time.", needs{}, describes(parallelIsSane)},
	{"describe/public-paths", "Public paths begin with a slash, are more than one, and lead nowhere else.", needs{}, describes(pathsAreGood)},
	{"describe/cannot", "What the platform cannot do is said in words.", needs{}, describes(cannotHasWords)},
}

func describes(judge func(*pluginv1.DescribeResponse) error) func(context.Context, *kit) (string, error) {
	return func(_ context.Context, k *kit) (string, error) {
		if k.why != nil {
			return "", k.why
		}
		if err := judge(k.desc); err != nil {
			return "", err
		}
		return "as expected", nil
	}
}

func describesStably(ctx context.Context, k *kit) (string, error) {
	if k.why != nil {
		return "", k.why
	}
	p, err := k.launch(ctx)
	if err != nil {
		return "", err
	}
	defer p.end()
	for range 2 {
		d, err := p.rpc.Describe(ctx, &pluginv1.DescribeRequest{})
		if err != nil {
			return "", err
		}
		if !proto.Equal(d, k.desc) {
			return "", fmt.Errorf("it was %v and is %v", k.desc, d)
		}
	}
	return "three times the same", nil
}

var (
	goodName  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	goodField = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	secretive = regexp.MustCompile(`(^|_)(token|secret|password|passwd|key|credential|credentials)$`)
	oneLine   = regexp.MustCompile(`^[^\x00-\x1f\x7f]{1,64}$`)
)

func nameOf(d *pluginv1.DescribeResponse) error {
	if !goodName.MatchString(d.GetName()) {
		return fmt.Errorf("its name is %q", d.GetName())
	}
	return nil
}

func versionOf(d *pluginv1.DescribeResponse) error {
	if !oneLine.MatchString(d.GetVersion()) {
		return fmt.Errorf("its version is %q", d.GetVersion())
	}
	return nil
}

func kindIsKnown(d *pluginv1.DescribeResponse) error {
	if d.GetKind() != pluginv1.Kind_KIND_BRIDGE && d.GetKind() != pluginv1.Kind_KIND_HOOK {
		return fmt.Errorf("its kind is %s", d.GetKind())
	}
	return nil
}

// reserved attributes of a block are the core's.
var reserved = []string{"pace", "sha256", "env", "mtls", "projects", "command", "operators", "events", "as_visitor"}

func fieldsAreGood(d *pluginv1.DescribeResponse) error {
	seen := map[string]bool{}
	for _, f := range d.GetFields() {
		_, known := pluginv1.FieldType_name[int32(f.GetType())]
		switch {
		case !goodField.MatchString(f.GetName()):
			return fmt.Errorf("no attribute can be called %q", f.GetName())
		case slices.Contains(reserved, f.GetName()):
			return fmt.Errorf("%q is an attribute that the core handles", f.GetName())
		case seen[f.GetName()]:
			return fmt.Errorf("the field %q is there twice", f.GetName())
		case !known || f.GetType() == 0:
			return fmt.Errorf("the field %q is of no known type (%s)", f.GetName(), f.GetType())
		}
		seen[f.GetName()] = true
	}
	return nil
}

func defaultsAreGood(d *pluginv1.DescribeResponse) error {
	for _, f := range d.GetFields() {
		if f.GetDefaultJson() == "" {
			continue
		}
		var v any
		switch f.GetType() {
		case pluginv1.FieldType_FIELD_TYPE_STRING:
			v = new(string)
		case pluginv1.FieldType_FIELD_TYPE_INT:
			v = new(int64)
		case pluginv1.FieldType_FIELD_TYPE_BOOL:
			v = new(bool)
		default:
			v = new([]string)
		}
		if err := json.Unmarshal([]byte(f.GetDefaultJson()), v); err != nil {
			return fmt.Errorf("the default of %q, %s: %w", f.GetName(), f.GetDefaultJson(), err)
		}
	}
	return nil
}

func secretsAreMarked(d *pluginv1.DescribeResponse) error {
	for _, f := range d.GetFields() {
		if f.GetType() == pluginv1.FieldType_FIELD_TYPE_STRING && secretive.MatchString(f.GetName()) && !f.GetSecret() {
			return fmt.Errorf("the field %q is not marked as secret", f.GetName())
		}
	}
	return nil
}

func eventsAreKnown(d *pluginv1.DescribeResponse) error {
	seen := map[string]bool{}
	for _, e := range d.GetEvents() {
		known := slices.Contains(unstored, e)
		for _, s := range stored {
			known = known || s.name == e
		}
		switch {
		case !known:
			return fmt.Errorf("the core has no event %q: it would never come", e)
		case seen[e]:
			return fmt.Errorf("%q is there twice", e)
		}
		seen[e] = true
	}
	return nil
}

func limitsAreGood(d *pluginv1.DescribeResponse) error {
	k := &kit{desc: d}
	for _, l := range k.limits() {
		if err := rules.Limit(l); err != nil {
			return err
		}
		for _, e := range l.Events {
			if len(d.GetEvents()) > 0 && !slices.Contains(d.GetEvents(), e) {
				return fmt.Errorf("the limit of %q counts %q, which it does not take", l.Scope, e)
			}
		}
	}
	return nil
}

func parallelIsSane(d *pluginv1.DescribeResponse) error {
	if n := d.GetParallel(); n < 0 || n > 1000 {
		return fmt.Errorf("parallel is %d", n)
	}
	return nil
}

func pathsAreGood(d *pluginv1.DescribeResponse) error {
	for _, p := range d.GetPublicPaths() {
		if !strings.HasPrefix(p, "/") || p == "/" || strings.ContainsAny(p, "?#%\\ ") || strings.Contains(p, "..") || strings.Contains(p, "//") {
			return fmt.Errorf("%q would open more than one path, or none", p)
		}
	}
	return nil
}

func cannotHasWords(d *pluginv1.DescribeResponse) error {
	for action, words := range d.GetCannot() {
		if action == "" || len(strings.TrimSpace(words)) < 10 {
			return errors.New("what it cannot do (" + action + ") is told as " + fmt.Sprintf("%q", words))
		}
	}
	return nil
}
