package widget_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestPackage: the package holds what it says, and its types are the widget's.
func TestPackage(t *testing.T) {
	var manifest struct {
		Exports map[string]map[string]string
		Files   []string
		Types   string
	}
	text, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	paths := []string{manifest.Types}
	for _, export := range manifest.Exports {
		paths = append(paths, export["types"], export["default"])
	}
	if len(paths) != 5 || !slices.Equal(manifest.Files, []string{"npm"}) {
		t.Errorf("exports %v, files %v", paths, manifest.Files)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil || filepath.Dir(path) != "npm" {
			t.Errorf("%s is not in the package: %v", path, err)
		}
	}
	ours, err := os.ReadFile("src/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err := os.ReadFile("npm/types.d.ts"); err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("npm/types.d.ts is not src/types.ts: copy it (%v)", err)
	}
	if npm, err := exec.LookPath("npm"); err == nil {
		packed(t, npm)
	}
}

func packed(t *testing.T, npm string) {
	t.Helper()
	pack := exec.Command(npm, "pack", "--dry-run", "--json", "--ignore-scripts", "--offline")
	out, err := pack.Output()
	if err != nil {
		t.Fatalf("npm pack: %v", err)
	}
	var list []struct{ Files []struct{ Path string } }
	if err := json.Unmarshal(out, &list); err != nil || len(list) != 1 {
		t.Fatalf("npm pack: %v in %s", err, out)
	}
	var files []string
	for _, f := range list[0].Files {
		files = append(files, f.Path)
	}
	slices.Sort(files)
	if want := []string{"npm/index.d.ts", "npm/index.js", "npm/react.d.ts", "npm/react.js", "npm/types.d.ts", "package.json"}; !slices.Equal(files, want) {
		t.Errorf("packed: %v, want %v", files, want)
	}
}

// TestLoader: a page that bundles the package and has no script tag.
func TestLoader(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.bundled = `import {load} from '/npm/index.js';
window.seen=[];window.chat=load({publicKey:'` + testKey + `',host:location.origin+'/',title:'From a bundle',strings:{send:'Go'}});
window.stop=chat.on('open',()=>seen.push('open'));chat.open()`
	b := visit(t, c)
	b.until("open, with its settings", `!$('.panel').hidden && $('header b').textContent==='From a bundle' && $('.send').title==='Go' && seen.join()==='open'`)
	b.do(`stop();chat.close();chat.open();chat.send('Hello')`)
	b.says("Hello")
	if n := value[int](b, `seen.length`); n != 1 {
		t.Errorf("%d events after it stopped to listen", n)
	}
	b.do(`chat.destroy()`)
	b.until("gone", `!host && !document.querySelector('script[data-key]')`)
}

// TestReactComponent: what React does in strict mode, mount, unmount and mount again,
// leaves one chat.
func TestReactComponent(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.bundled = `import {PocketPing} from '/npm/react.js';
const props={publicKey:'` + testKey + `',host:location.origin,title:'From React',onReady:chat=>window.chat=chat};
PocketPing(props);window.effects.pop()()();PocketPing(props);window.unmount=window.effects.pop()()`
	b := visit(t, c)
	b.until("one", `document.querySelectorAll('pocketping-widget').length===1 && $('header b').textContent==='From React'`)
	b.do(`chat.open()`)
	b.until("open", `!$('.panel').hidden`)
	b.do(`unmount()`)
	b.until("gone", `!host`)
}

// bundledPage is one whose own module loads the chat.
func (c *fakeCore) bundledPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript")
	switch r.URL.Path {
	case "/bundle.js":
		_, _ = w.Write([]byte(c.bundled))
	case "/npm/react.js":
		text, err := os.ReadFile("npm/react.js")
		if err != nil {
			c.t.Error(err)
		}
		_, _ = w.Write(bytes.Replace(text, []byte(`'react'`), []byte(`'/react.js'`), 1))
	case "/react.js":
		_, _ = w.Write([]byte("window.effects=[];export const useEffect=(effect)=>void window.effects.push(effect)"))
	default:
		http.ServeFile(w, r, "."+r.URL.Path)
	}
}

// TestLoadersTakeTurns: who leaves while the script is on its way takes nothing away
// from who comes after.
func TestLoadersTakeTurns(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.bundled = `import {load} from '/npm/index.js';
const options={publicKey:'` + testKey + `',host:location.origin};
const first=load(options);
await Promise.resolve().then(()=>0);
if(!document.querySelector('script[data-key]'))throw Error('the first script is not on its way');
first.destroy();
load({...options,title:'The second'})`
	b := visit(t, c)
	b.until("one", `document.querySelectorAll('pocketping-widget').length===1 && $('header b').textContent==='The second'`)
}
