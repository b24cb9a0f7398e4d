package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// licenses are told by words that stand in their texts, and in no other that comes before.
var licenses = []struct{ id, words string }{
	{"MPL-2.0", "Mozilla Public License"},
	{"AGPL", "GNU AFFERO GENERAL PUBLIC LICENSE"},
	{"LGPL", "GNU LESSER GENERAL PUBLIC LICENSE"},
	{"GPL", "GNU GENERAL PUBLIC LICENSE"},
	{"SSPL", "Server Side Public License"},
	{"BUSL", "Business Source License"},
	{"Apache-2.0", "Apache License"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"ISC", "Permission to use, copy, modify, and"},
	{"BSD-3-Clause", "may be used to endorse or promote products"},
	{"BSD-2-Clause", "Redistribution and use in source and binary forms"},
	{"Unlicense", "This is free and unencumbered software"},
}

// systems are those that releases are made for.
var systems = []string{"linux", "darwin", "windows"}

// module is a library that is linked.
type module struct{ path, version, dir string }

// linked are the modules of which something is linked into the server or a plugin, on any system.
func linked(root string) ([]module, error) {
	plugins, err := filepath.Glob(filepath.Join(root, "plugins/*/main.go"))
	if err != nil {
		return nil, err
	}
	packages := []string{"."}
	for _, main := range plugins {
		packages = append(packages, "./plugins/"+filepath.Base(filepath.Dir(main)))
	}
	found := map[string]module{}
	for _, system := range systems {
		args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"}, packages...)
		list := exec.Command("go", args...)
		list.Dir, list.Env = root, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		var wrong bytes.Buffer
		list.Stderr = &wrong
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w: %s", err, wrong.String())
		}
		for line := range strings.Lines(string(out)) {
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
				found[f[0]] = module{f[0], f[1], f[2]}
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b module) int { return strings.Compare(a.path, b.path) }), nil
}

// licenseOf reads which license a module is under.
func licenseOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "UNLICENSE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		words := strings.ToLower(strings.Join(strings.Fields(string(text)), " "))
		for _, l := range licenses {
			if strings.Contains(words, strings.ToLower(l.words)) {
				return l.id, nil
			}
		}
	}
	return "", errors.New("no license that is known stands in " + dir)
}

func writeLicenses(w io.Writer, modules []module) error {
	by := map[string][]string{}
	for _, m := range modules {
		id, err := licenseOf(m.dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		by[id] = append(by[id], m.path)
	}
	fmt.Fprint(w, `# Licenses

PocketPing is under the [MIT license](../LICENSE). What is linked into its programs, on any of the systems that releases are made
for, is under the licenses below; their versions stand in the SBOM of each release. `+"`make licenses`"+` writes this page, and a test
keeps it true and refuses what would put conditions on your own code (GPL, LGPL, AGPL, SSPL, BUSL).

The Mozilla Public License covers the files of those modules alone: they are used as they come, and their source is at the
addresses below.

| license | modules |
|---|---|
| BSD-3-Clause | the Go standard library |
`)
	for _, id := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(w, "| %s | %s |\n", id, strings.Join(by[id], ", "))
	}
	_, err := fmt.Fprint(w, `
Nothing else is in the widget and the pages: they are written here, and load nothing from elsewhere. Only tests use
[axe-core](https://github.com/dequelabs/axe-core) (MPL-2.0), a copy of which is in `+"`widget/testdata/axe`"+`.
`)
	return err
}
