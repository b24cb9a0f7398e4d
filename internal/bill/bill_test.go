package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// copyleft are the licenses that would put conditions on the code of whoever links to it.
var copyleft = []string{"GPL", "LGPL", "AGPL", "SSPL", "BUSL"}

// Nothing is linked that would put conditions on others' code, and all that is stands in the docs.
func TestNothingCopyleftIsLinked(t *testing.T) {
	modules, err := linked("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 30 {
		t.Errorf("only %d modules are found", len(modules))
	}
	for _, m := range modules {
		if id, err := licenseOf(m.dir); err != nil || slices.Contains(copyleft, id) {
			t.Errorf("%s is under %q: %v", m.path, id, err)
		}
	}
	var want bytes.Buffer
	if err := writeLicenses(&want, modules); err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../docs/licenses.md")
	if err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Errorf("docs/licenses.md is not what is linked: `make licenses` writes it (%v)", err)
	}
}

func TestLicensesAreTold(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"GNU GENERAL PUBLIC LICENSE\n  Version 3": "GPL", "                    GNU LESSER GENERAL\n PUBLIC LICENSE": "LGPL", "GNU Affero General Public License": "AGPL",
		"Mozilla Public License, version 2.0 … GNU General Public License": "MPL-2.0", "Business Source License 1.1": "BUSL", "all rights reserved": "",
	} {
		if err := os.WriteFile(dir+"/LICENSE.md", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := licenseOf(dir); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

// This test's own program was linked, too.
func TestSBOM(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeSBOM(&out, []string{self}); err != nil {
		t.Fatal(err)
	}
	var list sbom
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.Format != "CycloneDX" || len(list.Components) < 2 || len(list.Components[0].Hashes) != 1 || !strings.HasPrefix(list.Components[len(list.Components)-1].PURL, "pkg:golang/std@go1.") {
		t.Errorf("the list is %s", out.String())
	}
	if err := writeSBOM(&out, []string{"main.go"}); err == nil {
		t.Error("a program that is none is listed")
	}
}
