package config

import (
	"strings"
	"testing"
)

// TestExclusiveFields: what happens to a bot comes to one receiver, so that two
// bridges with its token would each miss some.
func TestExclusiveFields(t *testing.T) {
	const first = "project \"a\" {\n  origins = []\n  bridge \"telegram\" { token = \"one\" }\n}\n"
	fields := []Field{
		{Name: "token", Type: String, Required: true, Exclusive: true},
		{Name: "api_url", Type: String}, {Name: "chat", Type: String},
	}
	for name, tt := range map[string]struct{ second, want string }{
		"the same token":                   {"token = \"one\"", `config.hcl:8: bridge "telegram": token: line 3 has the same one`},
		"another token":                    {"token = \"two\"", ""},
		"the same token at another server": {"token = \"one\"\n api_url = \"http://localhost:1\"", ""},
		"none":                             {"", "token is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := parse("config.hcl", []byte(first+"project \"b\" {\n  origins = []\n  bridge \"telegram\" {\n    "+tt.second+"\n  }\n}\n"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Bridges[0].Decode(fields); err != nil {
				t.Errorf("the block above is wrong: %v", err)
			}
			said := ""
			if _, err := c.Bridges[1].Decode(fields); err != nil {
				said = err.Error()
			}
			if (said == "") != (tt.want == "") || !strings.Contains(said, tt.want) {
				t.Errorf("said %q, want …%s…", said, tt.want)
			}
			if strings.Contains(said, "\"one\"") {
				t.Errorf("the token is in %q", said)
			}
		})
	}
}
