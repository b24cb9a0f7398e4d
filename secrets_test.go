package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// comparers are the only places that compare secrets: the core's one function, and one in each
// program that cannot import it. All take the same time wherever the two differ.
var comparers = []string{"core/id.go", "sdk/client/webhook.go", "plugins/email/token.go", "plugins/slack/events.go"}

// secretName is what a variable or field is called that holds a secret, its hash or its signature.
var secretName = regexp.MustCompile(`(?i)(token|secret|password|signature|hash|cookie|\bmac|hmac)$`)

// equals are the comparisons of such names that no stranger can time, each with why.
var equals = map[string]string{
	"core/web/operator.go: cookie.Name != operatorCookie": "the cookie's name",
	"plugins/discord/failure.go: e.code == codeBadToken":  "the number of an error",
}

// Whoever compares a secret elsewhere, or with ==, could tell strangers by the time it takes how
// much of it they have guessed.
func TestSecretsAreComparedInOnePlace(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range []string{"core", "sdk", "plugins"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || simulated(path) {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if name := spelled(n.Fun); slices.Contains([]string{"subtle.ConstantTimeCompare", "hmac.Equal"}, name) {
						used[path] = true
						if !slices.Contains(comparers, path) {
							t.Errorf("%s: %s: compare secrets by core.SameSecret", path, name)
						}
					}
				case *ast.BinaryExpr:
					if n.Op != token.EQL && n.Op != token.NEQ {
						break
					}
					x, y := spelled(n.X), spelled(n.Y)
					if (secretName.MatchString(x) || secretName.MatchString(y)) && !constant(n.X) && !constant(n.Y) {
						place := path + ": " + x + " " + n.Op.String() + " " + y
						used[place] = true
						if equals[place] == "" {
							t.Errorf("%s: compare secrets by core.SameSecret, or say in equals why nobody can time it", place)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range comparers {
		if !used[path] {
			t.Errorf("%s compares nothing any more", path)
		}
	}
	for place := range equals {
		if !used[place] {
			t.Errorf("%s is not there any more", place)
		}
	}
}

// simulated reports whether the file is of a platform's simulator, or of a host's for plugin authors.
func simulated(path string) bool {
	parts := strings.Split(filepath.ToSlash(path), "/")
	return len(parts) > 2 && (parts[2] == parts[1]+"test" || slices.Contains(parts, "plugintest") || slices.Contains(parts, "conformance"))
}

// spelled is the expression as far as it is names: "in.Token", "Hash()".
func spelled(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return spelled(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return spelled(e.Fun) + "()"
	case *ast.StarExpr:
		return spelled(e.X)
	}
	return ""
}

// constant reports whether the expression is one that everybody may know: nothing, a
// literal, a count or nil.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}
