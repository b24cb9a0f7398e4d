package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tutorial = "plugins/tutorial.md"

// listing is a piece of the tutorial: a whole file, or some of what it declares.
var listing = regexp.MustCompile("(?s)(<!-- listing (\\S+?)(?:: ([^>]*?))? -->\n\n```go\n)(.*?)(```\n)")

// built are the files that the tutorial builds, and shows all of.
var built = []string{"main.go", "config.go", "bridge.go", "platform.go", "receive.go", "check.go"}

// The tutorial's listings are the code of the bridge, and the whole of it: whoever
// follows it has what runs here. `go test ./docs -update` writes them anew.
func TestTutorialShowsTheCode(t *testing.T) {
	text, err := os.ReadFile(tutorial)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	anew := listing.ReplaceAllStringFunc(string(text), func(block string) string {
		m := listing.FindStringSubmatch(block)
		code, names, err := codeOf(m[2], strings.Fields(m[3]))
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			shown[m[2]+" "+name] = true
		}
		return m[1] + code + m[5]
	})
	if *update {
		if err := os.WriteFile(tutorial, []byte(anew), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if anew != string(text) {
		t.Errorf("a listing of docs/%s is not the code any more: run `go test ./docs -update`", tutorial)
	}
	for _, name := range built {
		path := "plugins/mattermost/" + name
		_, names, err := codeOf(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !shown[path+" "+name] {
				t.Errorf("docs/%s does not show %s of %s", tutorial, name, path)
			}
		}
	}
}

// codeOf is a file of the repository, or these of its declarations in this order, and the
// names of what it is.
func codeOf(path string, want []string) (code string, names []string, err error) {
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		return "", nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments)
	if err != nil {
		return "", nil, err
	}
	pieces := map[string]string{}
	for _, d := range file.Decls {
		name, doc := nameOf(d)
		from := d.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		pieces[name] = string(text[set.Position(from).Offset:set.Position(d.End()).Offset])
		if name != "import" {
			names = append(names, name)
		}
	}
	if len(want) == 0 {
		return string(text), names, nil
	}
	var parts []string
	for _, name := range want {
		if pieces[name] == "" {
			return "", nil, fmt.Errorf("%s declares no %s", path, name)
		}
		parts = append(parts, pieces[name])
	}
	return strings.Join(parts, "\n\n") + "\n", want, nil
}

func nameOf(d ast.Decl) (string, *ast.CommentGroup) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name, d.Doc
	case *ast.GenDecl:
		switch s := d.Specs[0].(type) {
		case *ast.TypeSpec:
			return s.Name.Name, d.Doc
		case *ast.ValueSpec:
			return s.Names[0].Name, d.Doc
		}
	}
	return "import", nil
}
