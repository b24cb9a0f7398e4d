package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
)

// The parts of CycloneDX 1.6 that are written.
type (
	sbom struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		PURL    string `json:"purl,omitempty"`
		Hashes  []hash `json:"hashes,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// writeSBOM lists what Go says is linked into the programs.
func writeSBOM(w io.Writer, programs []string) error {
	libraries, list := map[string]component{}, sbom{Format: "CycloneDX", Spec: "1.6", Version: 1}
	for _, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		program := component{Type: "application", Ref: "file:" + filepath.Base(path), Name: filepath.Base(path), Version: info.Main.Version, Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}}
		if list.Metadata.Component.Name == "" {
			list.Metadata.Component = component{Type: "application", Ref: purl(info.Main), Name: info.Main.Path, Version: info.Main.Version}
		}
		uses := dependency{Ref: program.Ref, DependsOn: []string{}}
		for _, m := range append(info.Deps, &debug.Module{Path: "std", Version: info.GoVersion}) {
			if m.Replace != nil {
				m = m.Replace
			}
			libraries[purl(*m)] = component{Type: "library", Ref: purl(*m), Name: m.Path, Version: m.Version, PURL: purl(*m)}
			uses.DependsOn = append(uses.DependsOn, purl(*m))
		}
		list.Components, list.Dependencies = append(list.Components, program), append(list.Dependencies, uses)
	}
	for _, ref := range slices.Sorted(maps.Keys(libraries)) {
		list.Components = append(list.Components, libraries[ref])
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	return out.Encode(list)
}

func purl(m debug.Module) string { return "pkg:golang/" + m.Path + "@" + m.Version }
