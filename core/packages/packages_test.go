package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// entry is one of a test's archive, as it is written, whatever the manifest says.
type entry struct {
	name, text, link string
	kind             byte
}

// forge makes an archive whose manifest lists the files, and which holds the entries.
func forge(t *testing.T, files map[string]string, change func(*Manifest), entries ...entry) string {
	t.Helper()
	m := &Manifest{Name: "matrix", Version: "1.0.0", Kind: "bridge", Protocol: 1, Programs: map[string]string{AnySystem: "run"}, Files: map[string]File{}, Asks: &Asks{}}
	for name, text := range files {
		sum := sha256.Sum256([]byte(text))
		m.Files[name] = File{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text)), Exec: name == "run"}
	}
	if change != nil {
		change(m)
	}
	raw, err := json.Marshal(m)
	must(t, err)
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	tw := tar.NewWriter(gz)
	for _, e := range append([]entry{{name: ManifestName, text: string(raw)}}, entries...) {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Size: int64(len(e.text)), Mode: 0o777, Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		must(t, tw.WriteHeader(h))
		_, err := tw.Write([]byte(e.text))
		must(t, err)
	}
	must(t, tw.Close())
	must(t, gz.Close())
	path := filepath.Join(t.TempDir(), "archive.tar.gz")
	must(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("it says %v, and not %q", err, says)
	}
}

func TestArchivesThatAreRefused(t *testing.T) {
	t.Parallel()
	good := map[string]string{"run": "#!/bin/sh\n"}
	run := entry{name: "run", text: "#!/bin/sh\n"}
	for name, c := range map[string]struct {
		files   map[string]string
		change  func(*Manifest)
		entries []entry
		says    string
	}{
		"climbs out":        {good, nil, []entry{run, {name: "../evil", text: "x"}}, "leads out of the archive"},
		"absolute":          {good, nil, []entry{run, {name: "/etc/evil", text: "x"}}, "leads out of the archive"},
		"climbs in between": {good, nil, []entry{run, {name: "a/../../evil", text: "x"}}, "leads out of the archive"},
		"backslashes":       {good, nil, []entry{run, {name: `..\evil`, text: "x"}}, "none that every system has"},
		"listed climber":    {map[string]string{"run": run.text, "../evil": "x"}, nil, []entry{run}, "leads out of the archive"},
		"symlink":           {good, nil, []entry{run, {name: "link", kind: tar.TypeSymlink, link: "/etc/passwd"}}, "is a link"},
		"hard link":         {good, nil, []entry{run, {name: "link", kind: tar.TypeLink, link: "run"}}, "is a link"},
		"listed symlink":    {map[string]string{"run": run.text, "l": ""}, nil, []entry{run, {name: "l", kind: tar.TypeSymlink, link: "/etc"}}, "is a link"},
		"device":            {good, nil, []entry{run, {name: "null", kind: tar.TypeChar}}, "no plain file"},
		"unlisted":          {good, nil, []entry{run, {name: "more", text: "x"}}, "not in its manifest"},
		"twice":             {good, nil, []entry{run, run}, "twice"},
		"missing":           {map[string]string{"run": run.text, "lib.py": "x"}, nil, []entry{run}, "lib.py is in its manifest, but not in it"},
		"wrong hash":        {good, nil, []entry{{name: "run", text: "#!/bin/zz\n"}}, "not what its manifest says"},
		"wrong size":        {good, nil, []entry{{name: "run", text: "#!/bin/sh\n\n"}}, "its manifest says 10"},
		"too large": {good, func(m *Manifest) {
			m.Files["run"] = File{SHA256: strings.Repeat("0", 64), Size: maxFile + 1, Exec: true}
		}, nil, "larger than 300 MB"},
		"other system":       {good, func(m *Manifest) { m.Programs = map[string]string{"plan9/mips": "run"} }, []entry{run}, "no program for " + System() + ", but for plan9/mips"},
		"a terminal's words": {map[string]string{"run": run.text, "a\x1b[2J": "x"}, nil, []entry{run}, `"a\x1b[2J" is none that every system has`},
		"system of a path":   {good, func(m *Manifest) { m.Programs = map[string]string{"linux\x1b[2J": "run"} }, []entry{run}, `"linux\x1b[2J" is no system`},
		"no program":         {map[string]string{"other": "x"}, nil, nil, "is not among its files"},
		"other protocol":     {good, func(m *Manifest) { m.Protocol = 2 }, nil, "protocol 2"},
		"name of a path":     {good, func(m *Manifest) { m.Name = "../x" }, nil, "name \"../x\""},
		"version of a path":  {good, func(m *Manifest) { m.Version = "1/../.." }, nil, "version"},
		"no kind":            {good, func(m *Manifest) { m.Kind = "daemon" }, nil, "kind"},
		"bare manifest":      {nil, func(m *Manifest) { m.Asks = nil }, nil, "pocketping plugin pack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			a, err := Open(forge(t, c.files, c.change, c.entries...))
			if err == nil {
				_, err = Stage(filepath.Join(dir, "plugins"), a)
			}
			refused(t, err, c.says)
			if left, _ := filepath.Glob(filepath.Join(dir, "plugins", home, "*")); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
			if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
				t.Error("a file is outside")
			}
		})
	}
	_, err := Open(filepath.Join(t.TempDir(), "none"))
	refused(t, err, "cannot be read")
	_, err = Open(forge(t, good, func(m *Manifest) { m.Programs = map[string]string{"plan9/mips": "run"} }, run))
	refused(t, err, "is refused: the archive has no program for")
	noise := make([]byte, 1<<20)
	_, err = rand.Read(noise)
	must(t, err)
	half := forge(t, map[string]string{"run": string(noise)}, nil, entry{name: "run", text: string(noise)})
	must(t, os.Truncate(half, 500_000))
	a, err := Open(half)
	must(t, err)
	_, err = Stage(t.TempDir(), a)
	refused(t, err, "cut off or broken: get it again")
	text := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(text, []byte("hello"), 0o600))
	_, err = Open(text)
	refused(t, err, "no .tar.gz")
}

// release is an archive of a version that consists of one script.
func release(t *testing.T, version string) *Archive {
	t.Helper()
	text := "#!/bin/sh\n# " + version + "\n"
	a, err := Open(forge(t, map[string]string{"run": text, "lib/words.py": version}, func(m *Manifest) { m.Version = version }, entry{name: "run", text: text}, entry{name: "lib/words.py", text: version}))
	must(t, err)
	return a
}

func install(t *testing.T, dir string, a *Archive) {
	t.Helper()
	s, err := Stage(dir, a)
	must(t, err)
	defer s.Discard()
	must(t, s.Install("from here", ""))
}

// runs is the text of the program in the plugin's place, if it may run.
func runs(t *testing.T, dir string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(filepath.Join(dir, "matrix"))
	must(t, err)
	pinned, err := Verify(dir, "matrix", path)
	must(t, err)
	if len(pinned) != 64 {
		t.Errorf("pinned to %q", pinned)
	}
	text, err := os.ReadFile(path)
	must(t, err)
	_, version, _ := strings.Cut(strings.TrimSpace(string(text)), "# ")
	return version
}

func TestInstallUpdateRollBackRemove(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	for i, version := range []string{"1.0", "1.1", "1.2"} {
		install(t, dir, release(t, version))
		if have := runs(t, dir); have != version {
			t.Errorf("%s runs, not %s", have, version)
		}
		if kept, _ := filepath.Glob(filepath.Join(dir, home, "matrix", "*")); len(kept) != min(i+1, 2) {
			t.Errorf("kept: %v", kept)
		}
	}
	e, err := Rollback(dir, "matrix")
	must(t, err)
	if have := runs(t, dir); have != "1.1" || e.Previous.Version != "1.2" {
		t.Errorf("%s runs, %s is kept", have, e.Previous.Version)
	}
	_, err = Rollback(dir, "matrix")
	must(t, err)
	if have := runs(t, dir); have != "1.2" {
		t.Errorf("%s runs", have)
	}

	// Whatever else is in its place does not run.
	program, err := filepath.EvalSymlinks(filepath.Join(dir, "matrix"))
	must(t, err)
	beside := filepath.Join(filepath.Dir(program), "lib", "more.py")
	must(t, os.WriteFile(beside, []byte("x"), 0o600))
	_, err = Verify(dir, "matrix", program)
	refused(t, err, "did not come with version 1.2")
	must(t, os.Remove(beside))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(program), "lib", "words.py"), []byte("evil"), 0o600))
	_, err = Verify(dir, "matrix", program)
	refused(t, err, "is not the file that plugins.lock pins")
	must(t, os.Remove(filepath.Join(filepath.Dir(program), "lib", "words.py")))
	_, err = Verify(dir, "matrix", program)
	refused(t, err, "lacks files")
	other := filepath.Join(dir, "other")
	must(t, os.WriteFile(other, []byte("x"), 0o700))
	_, err = Verify(dir, "matrix", other)
	refused(t, err, "is not what plugins.lock pins for matrix (version 1.2)")
	if pinned, err := Verify(dir, "telegram", other); pinned != "" || err != nil {
		t.Errorf("one that was not installed: %q, %v", pinned, err)
	}

	_, err = Remove(dir, "matrix")
	must(t, err)
	if left, _ := filepath.Glob(filepath.Join(dir, "matrix*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	_, err = Rollback(dir, "matrix")
	refused(t, err, "no plugin \"matrix\" was installed")
	must(t, os.WriteFile(filepath.Join(dir, "matrix"), []byte("somebody's own"), 0o700))
	s, err := Stage(dir, release(t, "2.0"))
	must(t, err)
	defer s.Discard()
	refused(t, s.Install("here", ""), "that was not installed: move it away first")
	must(t, os.WriteFile(filepath.Join(dir, LockName), []byte("{"), 0o600))
	_, err = Verify(dir, "telegram", other)
	refused(t, err, "cannot be read")
}

func TestFetchAndSignature(t *testing.T) {
	t.Parallel()
	archive, err := os.ReadFile(forge(t, map[string]string{"run": "x"}, nil, entry{name: "run", text: "x"}))
	must(t, err)
	public, private, err := minisign.GenerateKey(rand.Reader)
	must(t, err)
	foreign, _, err := minisign.GenerateKey(rand.Reader)
	must(t, err)
	signature := minisign.Sign(private, archive)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/matrix.tar.gz", "/unsigned.tar.gz":
			_, _ = w.Write(archive)
		case "/matrix.tar.gz.minisig":
			_, _ = w.Write(signature)
		case "/away.tar.gz":
			http.Redirect(w, r, "http://127.0.0.1:1/matrix.tar.gz", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	ctx, dir := context.Background(), t.TempDir()
	path, sig, err := Fetch(ctx, server.Client(), server.URL+"/matrix.tar.gz", dir)
	must(t, err)
	a, err := Open(path)
	must(t, err)
	key, err := a.CheckSignature(sig, public.String())
	must(t, err)
	if key != public.String() {
		t.Errorf("the key is %s", key)
	}
	_, err = a.CheckSignature(sig, foreign.String())
	refused(t, err, "is not that of the key")
	must(t, os.WriteFile(path, append(archive, 0), 0o600))
	_, err = a.CheckSignature(sig, public.String())
	refused(t, err, "was changed while it was read")
	a, err = Open(path)
	must(t, err)
	_, err = a.CheckSignature(sig, public.String())
	refused(t, err, "is not that of the key")
	_, err = a.CheckSignature(sig, "RWnothing")
	refused(t, err, "none of minisign's")
	_, sig, err = Fetch(ctx, server.Client(), server.URL+"/unsigned.tar.gz", dir)
	if must(t, err); sig != "" {
		t.Errorf("signature %s", sig)
	}
	_, err = a.CheckSignature(sig, public.String())
	refused(t, err, "it is not signed")
	for from, says := range map[string]string{
		server.URL + "/none.tar.gz":       "404",
		server.URL + "/away.tar.gz":       "leads away from https",
		"http://127.0.0.1/matrix.tar.gz":  "https address",
		"file:///etc/passwd":              "https address",
		"https://u:p@127.0.0.1/matrix.gz": "https address",
	} {
		_, _, err := Fetch(ctx, server.Client(), from, dir)
		refused(t, err, says)
	}
}

// A plugin in Go is built for each system; one that is interpreted is taken as it lies,
// without what is its author's own.
func TestPack(t *testing.T) {
	t.Parallel()
	write := func(dir, name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), mode))
	}
	dir, out := t.TempDir(), t.TempDir()
	write(dir, ManifestName, `{"name":"matrix","version":"1.0.0","kind":"bridge","protocol":1,"run":["python3","main.py"]}`, 0o644)
	write(dir, "main.py", "print('hello')\n", 0o644)
	write(dir, "it's/words.py", "", 0o644)
	for _, own := range []string{"dev.hcl", ".env", ".git/config", "__pycache__/main.pyc", "matrix_0.9.tar.gz", "matrix_0.9.tar.gz.minisig", "mine.hcl"} {
		write(dir, own, "secret", 0o644)
	}
	s, err := Prepare(t.Context(), dir, nil)
	must(t, err)
	defer s.Close()
	a, err := s.Write(&Asks{Fields: []Field{{Name: "token", Type: "string", Secret: true}}}, out)
	must(t, err)
	if filepath.Base(a.Path) != "matrix_1.0.0.tar.gz" || len(a.Manifest.Files) != 3 {
		t.Errorf("%s holds %v", a.Path, a.Manifest.Files)
	}
	b, err := s.Write(a.Manifest.Asks, t.TempDir())
	must(t, err)
	if a.SHA256 != b.SHA256 {
		t.Error("the same files make another archive")
	}
	staged, err := Stage(t.TempDir(), a)
	must(t, err)
	defer staged.Discard()
	script, err := os.ReadFile(staged.Program)
	must(t, err)
	if !strings.Contains(string(script), `exec 'python3' "$here"/'main.py' "$@"`) {
		t.Errorf("it is started by %s", script)
	}
	write(dir, ManifestName, `{"name":"matrix","version":"1.0.0","kind":"bridge","protocol":1,"run":["main.py"]}`, 0o644)
	_, err = Prepare(t.Context(), dir, nil)
	refused(t, err, "chmod +x")
	must(t, os.Symlink(out, filepath.Join(dir, "node_modules")))
	_, err = Prepare(t.Context(), dir, nil)
	refused(t, err, "node_modules is a link to a folder")

	golang := t.TempDir()
	write(golang, ManifestName, `{"name":"matrix","version":"1.0.0","kind":"hook","protocol":1}`, 0o644)
	write(golang, "go.mod", "module matrix\n\ngo 1.26\n", 0o644)
	write(golang, "main.go", "package main\n\nfunc main() {}\n", 0o644)
	g, err := Prepare(t.Context(), golang, []string{System()})
	must(t, err)
	defer g.Close()
	c, err := g.Write(&Asks{}, out)
	must(t, err)
	if p := c.Manifest.Programs[System()]; !strings.HasPrefix(p, "bin/") || g.Program() == "" {
		t.Errorf("programs: %v", c.Manifest.Programs)
	}
	_, err = Prepare(t.Context(), golang, []string{"linux"})
	refused(t, err, "is no system")
	must(t, os.WriteFile(filepath.Join(golang, "main.go"), []byte("package main\n"), 0o600))
	_, err = Prepare(t.Context(), golang, []string{System()})
	refused(t, err, "go build for "+System())
}

func TestProgramsOfOtherSystemsStayOut(t *testing.T) {
	t.Parallel()
	files := map[string]string{"run": "here", "bin/plan9/run": "elsewhere", "words": "on all"}
	a, err := Open(forge(t, files, func(m *Manifest) {
		m.Programs = map[string]string{System(): "run", "plan9/mips": "bin/plan9/run"}
		f := m.Files["bin/plan9/run"]
		f.Exec = true
		m.Files["bin/plan9/run"] = f
	}, entry{name: "run", text: "here"}, entry{name: "bin/plan9/run", text: "elsewhere"}, entry{name: "words", text: "on all"}))
	must(t, err)
	dir := t.TempDir()
	install(t, dir, a)
	path, err := filepath.EvalSymlinks(filepath.Join(dir, "matrix"))
	must(t, err)
	if others, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "bin", "*")); len(others) > 0 {
		t.Errorf("of other systems: %v", others)
	}
	_, err = Verify(dir, "matrix", path)
	must(t, err)
}
