package config

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// FieldType is what a plugin's field holds.
type FieldType string

// The types that a plugin may declare.
const (
	String  FieldType = "string"
	Int     FieldType = "int"
	Bool    FieldType = "bool"
	Strings FieldType = "strings"
)

// Field is one attribute that a plugin declares for its block.
type Field struct {
	Name      string
	Type      FieldType
	Required  bool
	Exclusive bool // no two blocks of the plugin may have the same value, at the same server
	Help      string
	Default   json.RawMessage // empty: none
}

// Decode checks the block against what its plugin declares and returns the
// values as a JSON object, defaults included. Otherwise the error is a
// Diagnostics.
func (b *Bridge) Decode(fields []Field) ([]byte, error) {
	var ds Diagnostics
	known := slices.Clone(commonFields)
	values := map[string]json.RawMessage{}
	for _, f := range fields {
		known = append(known, f.Name)
		if v := b.decodeField(&ds, f); len(v) > 0 {
			values[f.Name] = v
		}
	}
	for name, f := range b.fields {
		if !slices.Contains(known, name) {
			ds.add(f.at, "%s: no field %q%s", b.title(), name, didYouMean(name, known))
		}
	}
	if err := ds.err(); err != nil {
		return nil, err
	}
	return json.Marshal(values)
}

// Wrong is a Diagnostics about one attribute of the block, or about the block as
// a whole, for what is found out later: by the plugin, or when it is launched.
func (b *Bridge) Wrong(attribute, text string) error {
	at, what := b.at, b.title()
	if attribute != "" {
		what += ": " + attribute
	}
	if place, ok := b.places[attribute]; ok {
		at = place
	}
	var ds Diagnostics
	ds.add(at, "%s: %s", what, text)
	return ds.err()
}

// decodeField is the field's value, or its default; nil: there is none.
func (b *Bridge) decodeField(ds *Diagnostics, f Field) json.RawMessage {
	have, ok := b.fields[f.Name]
	if !ok || have.value.IsNull() {
		if f.Required {
			ds.add(b.at, "%s: %s is missing%s", b.title(), f.Name, help(f))
		}
		if len(f.Default) == 0 {
			return nil
		}
		return f.Default
	}
	v, err := convertTo(have.value, f.Type.cty())
	if err != nil {
		ds.add(have.at, "%s: %s %v%s", b.title(), f.Name, err, help(f))
		return nil
	}
	if f.Required && f.Type == String && v.AsString() == "" {
		ds.add(have.at, "%s: %s is empty%s", b.title(), f.Name, help(f))
		return nil
	}
	if other := b.sharing(f); other != nil {
		ds.add(have.at, "%s: %s: line %d has the same one, and each would miss what is sent to the other: make them one bridge outside the projects, or give each its own",
			b.title(), f.Name, other.fields[f.Name].at.Start.Line)
		return nil
	}
	out, err := encode(v)
	if err != nil {
		ds.add(have.at, "%s: %s %v", b.title(), f.Name, err)
		return nil
	}
	return out
}

// serverField is the field by which a platform's plugin is led to another server,
// where the same token is somebody else's.
const serverField = "api_url"

// sharing is a block further up with the value of an exclusive field that this one
// has, too.
func (b *Bridge) sharing(f Field) *Bridge {
	if !f.Exclusive {
		return nil
	}
	for _, other := range b.above {
		if other.Plugin == b.Plugin && other.says(f.Name).RawEquals(b.says(f.Name)) && other.says(serverField).RawEquals(b.says(serverField)) {
			return other
		}
	}
	return nil
}

// says is what the block says of a field; null: nothing.
func (b *Bridge) says(name string) cty.Value {
	if f, ok := b.fields[name]; ok {
		return f.value
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

func help(f Field) string {
	if f.Help == "" {
		return ""
	}
	return " (" + f.Help + ")"
}

func (t FieldType) cty() cty.Type {
	switch t {
	case Int:
		return cty.Number
	case Bool:
		return cty.Bool
	case Strings:
		return cty.List(cty.String)
	}
	return cty.String
}

func encode(v cty.Value) (json.RawMessage, error) {
	switch {
	case v.Type() == cty.Number:
		n, accuracy := v.AsBigFloat().Int64()
		if accuracy != big.Exact {
			return nil, fmt.Errorf("must be a whole number of 64 bits at most")
		}
		return json.Marshal(n)
	case v.Type() == cty.Bool:
		return json.Marshal(v.True())
	case v.Type().IsListType():
		list := []string{}
		for _, e := range v.AsValueSlice() {
			list = append(list, e.AsString())
		}
		return json.Marshal(list)
	}
	return json.Marshal(v.AsString())
}
