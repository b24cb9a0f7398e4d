package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// functions are what a value in the file may call.
func functions(dir string) *hcl.EvalContext {
	return &hcl.EvalContext{Functions: map[string]function.Function{
		"env":  envFunction(),
		"file": fileFunction(dir),
	}}
}

// env("NAME") is the environment's variable; env("NAME", "x") is x where it is
// not set. One that is set to nothing counts as not set.
func envFunction() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			value := os.Getenv(name)
			switch {
			case len(args) > 2:
				return cty.NilVal, errors.New("env takes a name and a default")
			case value != "":
				return cty.StringVal(value), nil
			case len(args) == 2:
				return args[1], nil
			}
			return cty.NilVal, fmt.Errorf("the environment variable %s is not set: set it, or give a default as in env(%q, \"…\")", name, name)
		},
	})
}

// file("path") is what the file holds, without white space around it.
func fileFunction(dir string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := relative(dir, args[0].AsString())
			b, err := os.ReadFile(path)
			if err != nil {
				return cty.NilVal, fmt.Errorf("the file %s cannot be read: %w", path, errors.Unwrap(err))
			}
			return cty.StringVal(strings.TrimSpace(string(b))), nil
		},
	})
}
