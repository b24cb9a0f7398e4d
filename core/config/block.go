package config

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// reader turns one parsed file into a Config and collects what is wrong.
type reader struct {
	dir   string // of the file
	funcs *hcl.EvalContext
	diags Diagnostics
}

// block reads the attributes and blocks of one block. Each that is asked for
// becomes known; done reports the others.
type block struct {
	*reader
	name   string // as diagnostics call it; empty: the file itself
	body   *hclsyntax.Body
	at     hcl.Range
	fields []string
	blocks []string
}

func (r *reader) block(name string, body *hclsyntax.Body, at hcl.Range) *block {
	return &block{reader: r, name: name, body: body, at: at}
}

// wrong reports something about the block.
func (b *block) wrong(at hcl.Range, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if b.name != "" {
		text = b.name + ": " + text
	}
	b.diags.add(at, "%s", text)
}

// value is a known attribute's value, and where it stands; ok is false when it is
// absent or wrong, and then it has been reported.
func (b *block) value(field string, want cty.Type) (v cty.Value, at hcl.Range, ok bool) {
	b.fields = append(b.fields, field)
	attr := b.body.Attributes[field]
	if attr == nil {
		return cty.NilVal, b.at, false
	}
	at = attr.SrcRange
	v, err := b.eval(attr)
	if err == nil && v.IsNull() {
		return v, at, false
	}
	if err == nil {
		v, err = convertTo(v, want)
	}
	if err != nil {
		b.wrong(at, "%s: %v", field, err)
	}
	return v, at, err == nil
}

// eval computes an attribute. Its errors never quote what stands there: it may
// be a secret without its quotes.
func (b *block) eval(attr *hclsyntax.Attribute) (cty.Value, error) {
	v, diags := attr.Expr.Value(b.funcs)
	if !diags.HasErrors() {
		return v, nil
	}
	d := firstError(diags)
	if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && call.FunctionCallError() != nil {
		return cty.NilVal, call.FunctionCallError()
	}
	if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](d); ok {
		name := call.CalledFunctionName()
		return cty.NilVal, fmt.Errorf("no function %q%s", name, didYouMean(name, []string{"env", "file"}))
	}
	if len(attr.Expr.Variables()) > 0 {
		return cty.NilVal, errors.New(`text needs quotes: "…", or env("…") for a variable of the environment`)
	}
	return cty.NilVal, errors.New("this is no value: " + d.Summary)
}

func firstError(diags hcl.Diagnostics) *hcl.Diagnostic {
	i := slices.IndexFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError })
	return diags[i]
}

func convertTo(v cty.Value, want cty.Type) (cty.Value, error) {
	got, err := convert.Convert(v, want)
	if err == nil && got.IsWhollyKnown() && !hasNull(got) {
		return got, nil
	}
	return cty.NilVal, fmt.Errorf("must be %s", typeName(want))
}

func hasNull(v cty.Value) bool {
	found := false
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		found = found || v.IsNull()
		return true, nil
	})
	return found
}

func typeName(t cty.Type) string {
	switch {
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsListType():
		return `a list: ["…", "…"]`
	case t.IsMapType():
		return `a map: { NAME = "…" }`
	}
	return `text in quotes: "…"`
}

// str reads a text; fallback stands for an absent one.
func (b *block) str(field, fallback string, checks ...func(string) error) string {
	v, at, ok := b.value(field, cty.String)
	if !ok {
		return fallback
	}
	for _, check := range checks {
		if err := check(v.AsString()); err != nil {
			b.wrong(at, "%s %v", field, err)
			return fallback
		}
	}
	return v.AsString()
}

// strs reads a list of texts; nil when it is absent.
func (b *block) strs(field string, checks ...func(string) error) []string {
	v, at, ok := b.value(field, cty.List(cty.String))
	if !ok {
		return nil
	}
	list := []string{}
	for _, e := range v.AsValueSlice() {
		for _, check := range checks {
			if err := check(e.AsString()); err != nil {
				b.wrong(at, "%s: %q %v", field, e.AsString(), err)
			}
		}
		list = append(list, e.AsString())
	}
	return list
}

// parsed reads a text that stands for something else.
func parsed[T any](b *block, field string, fallback T, parse func(string) (T, error)) T {
	v, at, ok := b.value(field, cty.String)
	if !ok {
		return fallback
	}
	t, err := parse(v.AsString())
	if err != nil {
		b.wrong(at, "%s %v", field, err)
		return fallback
	}
	return t
}

// each reads the blocks of a type, in the order of the file.
func (b *block) each(kind string, read func(*hclsyntax.Block)) {
	b.blocks = append(b.blocks, kind)
	for _, child := range b.body.Blocks {
		if child.Type == kind {
			read(child)
		}
	}
}

// one reads a block without labels that stands in its parent once at most, and
// that may be left out.
func (b *block) one(kind string, read func(*block)) {
	child := b.block(kind, &hclsyntax.Body{}, b.at)
	if b.name != "" {
		child.name = b.name + ": " + kind
	}
	first := hcl.Range{}
	b.each(kind, func(found *hclsyntax.Block) {
		at := found.DefRange()
		switch {
		case first.Filename != "":
			b.wrong(at, "a second %s block; the first is in line %d", kind, first.Start.Line)
		case len(found.Labels) > 0:
			b.wrong(at, "%s takes no name: %s { … }", kind, kind)
		}
		if first.Filename == "" {
			first, child.body, child.at = at, found.Body, at
		}
	})
	read(child)
	child.done()
}

// optional is one for a block that means something by being there.
func (b *block) optional(kind string, read func(*block)) {
	if b.holds(kind) {
		b.one(kind, read)
		return
	}
	b.blocks = append(b.blocks, kind)
}

// holds reports whether there is a block of the kind.
func (b *block) holds(kind string) bool {
	return slices.ContainsFunc(b.body.Blocks, func(child *hclsyntax.Block) bool { return child.Type == kind })
}

// done reports what nobody asked for.
func (b *block) done() {
	for name, attr := range b.body.Attributes {
		switch {
		case slices.Contains(b.fields, name):
		case slices.Contains(b.blocks, name):
			b.wrong(attr.NameRange, "%s is a block: write %s { … } without \"=\"", name, name)
		default:
			b.wrong(attr.NameRange, "no field %q%s", name, didYouMean(name, b.fields))
		}
	}
	for _, child := range b.body.Blocks {
		switch {
		case slices.Contains(b.blocks, child.Type):
		case slices.Contains(b.fields, child.Type):
			b.wrong(child.DefRange(), "%s is a field: write %s = …", child.Type, child.Type)
		default:
			b.wrong(child.DefRange(), "no block %q%s", child.Type, didYouMean(child.Type, b.blocks))
		}
	}
}
