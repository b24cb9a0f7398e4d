package docs

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write api.md anew")

// The parts of the document that the page shows.
type (
	document struct {
		Info       struct{ Description string }
		Tags       []struct{ Name, Description string }
		Paths      ordered[map[string]json.RawMessage]
		Components struct {
			Schemas    ordered[schema]
			Parameters map[string]parameter
			Responses  map[string]response
		}
	}
	operation struct {
		Summary, Description string
		Tags                 []string
		Parameters           []parameter
		RequestBody          struct {
			Content ordered[struct{ Schema schema }]
		}
		Responses ordered[response]
	}
	parameter struct {
		Ref                   string `json:"$ref"`
		Name, In, Description string
	}
	response struct {
		Ref         string `json:"$ref"`
		Description string
		Content     ordered[struct{ Schema schema }]
	}
	schema struct {
		Ref         string `json:"$ref"`
		Type        any
		Description string
		Properties  ordered[schema]
		Required    []string
		Enum        []string
		Items       *schema
		AllOf       []schema
	}
)

// ordered is an object whose members keep their order.
type ordered[V any] []struct {
	Name  string
	Value V
}

func (o *ordered[V]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var v V
		if err := d.Decode(&v); err != nil {
			return err
		}
		*o = append(*o, struct {
			Name  string
			Value V
		}{fmt.Sprint(name), v})
	}
	return nil
}

// kind is what a schema is, in a word or a link.
func (s schema) kind() string {
	switch {
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	case len(s.AllOf) > 0:
		var all []string
		for _, one := range s.AllOf {
			all = append(all, one.kind())
		}
		return strings.Join(all, " with ")
	case s.Items != nil:
		return "list of " + s.Items.kind()
	case len(s.Properties) > 0:
		var names []string
		for _, p := range s.Properties {
			names = append(names, "`"+p.Name+"`")
		}
		return "object: " + strings.Join(names, ", ")
	case s.Type == nil:
		return "any JSON"
	}
	return strings.Trim(fmt.Sprint(s.Type), "[]")
}

func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ") }

// render is api.md as the document has it.
func render(d *document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# HTTP API\n\n<!-- Made from openapi.json by `go test ./docs -update`: change that. -->\n\n")
	fmt.Fprintf(&b, "%s\n\nSend `Authorization: Bearer sk_…` to your own server's address; it serves this as [OpenAPI 3.1](openapi.json) at `/v1/openapi.json`.\n", d.Info.Description)
	b.WriteString("For Go there is [sdk/client](../sdk/client). Where the same call may be made twice, give it a `clientId`: it is done once.\n")
	for _, tag := range d.Tags {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", tag.Name, tag.Description)
		for _, p := range d.Paths {
			for _, method := range []string{"get", "post", "patch", "delete"} {
				var op operation
				if raw, ok := p.Value[method]; ok && json.Unmarshal(raw, &op) == nil && slices.Contains(op.Tags, tag.Name) {
					var shared []parameter
					_ = json.Unmarshal(p.Value["parameters"], &shared) // none where there are none
					renderCall(&b, d, strings.ToUpper(method)+" "+p.Name, op, append(shared, op.Parameters...))
				}
			}
		}
	}
	b.WriteString("\n# Objects\n")
	for _, s := range d.Components.Schemas {
		renderObject(&b, s.Name, s.Value)
	}
	return b.String()
}

func renderCall(b *strings.Builder, d *document, name string, op operation, params []parameter) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s. %s\n\n", name, op.Summary, op.Description)
	for _, p := range params {
		if p.Ref != "" {
			p = d.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
		}
		fmt.Fprintf(b, "- `%s` (%s): %s\n", p.Name, p.In, p.Description)
	}
	for _, c := range op.RequestBody.Content {
		fmt.Fprintf(b, "- body (%s): %s\n", c.Name, c.Value.Schema.kind())
	}
	for _, r := range op.Responses {
		v := r.Value
		if v.Ref != "" {
			v = d.Components.Responses[v.Ref[strings.LastIndex(v.Ref, "/")+1:]]
		}
		body := ""
		for _, c := range v.Content {
			if c.Name != "application/json" {
				body += ", " + c.Name
				continue
			}
			body += ", " + c.Value.Schema.kind()
		}
		fmt.Fprintf(b, "- **%s**%s: %s\n", r.Name, body, v.Description)
	}
}

func renderObject(b *strings.Builder, name string, s schema) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", name, s.Description)
	properties := s.Properties
	for _, part := range s.AllOf {
		fmt.Fprintf(b, "\nAs %s.\n", part.kind())
		properties = append(properties, part.Properties...)
	}
	if len(properties) == 0 {
		return
	}
	b.WriteString("\n| field | type | |\n|---|---|---|\n")
	for _, p := range properties {
		about := p.Value.Description
		if len(p.Value.Enum) > 0 {
			about += ": `" + strings.Join(p.Value.Enum, "` `") + "`"
		}
		always := ""
		if !slices.Contains(s.Required, p.Name) {
			always = ", may be absent"
		}
		fmt.Fprintf(b, "| `%s` | %s%s | %s |\n", p.Name, cell(p.Value.kind()), always, cell(about))
	}
}

// The reference says what the document says, no more and no less.
func TestReference(t *testing.T) {
	var d document
	if err := json.Unmarshal(OpenAPI, &d); err != nil {
		t.Fatal(err)
	}
	want := render(&d)
	for strings.Contains(want, " \n") {
		want = strings.ReplaceAll(want, " \n", "\n")
	}
	if *update {
		if err := os.WriteFile("api.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("api.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/api.md is not what docs/openapi.json says: run `go test ./docs -update`")
	}
}
