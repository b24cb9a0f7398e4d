package docs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Where there is no engine to build the image, this holds its steps against what they
// stand for: the Go that go.mod asks for, the files that `make build` makes, a command
// that the program has, and the places that the guide names.
func TestDockerfile(t *testing.T) {
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	steps, guide := read("../Dockerfile"), read("operations.md")
	found := func(pattern, in string) []string {
		m := regexp.MustCompile(`(?m)` + pattern).FindStringSubmatch(in)
		if m == nil {
			t.Fatalf("nothing looks like %s", pattern)
		}
		return m[1:]
	}
	if image, module := found(`^FROM golang:(\d+\.\d+)`, steps)[0], found(`^go (\d+\.\d+)`, read("../go.mod"))[0]; image != module {
		t.Errorf("the image builds with Go %s, go.mod asks for %s", image, module)
	}
	build := exec.Command("make", "-n", "build")
	build.Dir = ".."
	made, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("make -n build: %v: %s", err, made)
	}
	copies := regexp.MustCompile(`(?m)^COPY --from=build /src/(\S+) (\S+)$`).FindAllStringSubmatch(steps, -1)
	if len(copies) != 2 {
		t.Fatalf("%d files are copied, want the program and the folder of plugins", len(copies))
	}
	for _, c := range copies {
		if !strings.Contains(string(made), "-o "+c[1]) {
			t.Errorf("`make build` makes no %s", c[1])
		}
	}
	if folder := copies[1][2]; !strings.Contains(guide, `plugins { dir = "`+folder+`" }`) {
		t.Errorf("the guide does not say that the plugins are in %s", folder)
	}
	for what, pattern := range map[string]string{"user": `--uid (\d+)`, "folder": `^VOLUME (\S+)`, "port": `^EXPOSE (\d+)`} {
		if value := found(pattern, steps)[0]; !strings.Contains(guide, value) {
			t.Errorf("the guide does not name the %s %s", what, value)
		}
	}
	if command := found(`^CMD \["(\w+)"\]`, steps)[0]; !strings.Contains(read("../core/cli/serve.go"), `Use:   "`+command+`"`) {
		t.Errorf("the program has no command %q", command)
	}
	if name := found(`^ENTRYPOINT \["(\w+)"\]`, steps)[0]; !strings.HasSuffix(copies[0][2], "/bin/"+name) {
		t.Errorf("%s is not in the PATH", name)
	}
}
