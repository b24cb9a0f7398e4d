package core_test

import (
	"testing"

	"github.com/pocketping/pocketping/core"
)

// What another node has changed just now stays when something else is changed here.
func TestTwoNodesChangeAProject(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		node := func() *core.Chat {
			c := core.NewChat(core.Options{Store: h.store, Files: h.files, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects(nil)})
			if err := c.LoadProjects(t.Context()); err != nil {
				t.Fatal(err)
			}
			return c
		}
		one := node()
		shop, _, err := one.AddProject(t.Context(), core.ProjectDraft{Slug: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		two := node()
		if _, err := one.PatchProject(t.Context(), shop.ID, func(p *core.Project) error { p.Name = "The shop"; return nil }); err != nil {
			t.Fatal(err)
		}
		p, err := two.PatchProject(t.Context(), shop.ID, func(p *core.Project) error { p.Origins = []string{"https://shop.example"}; return nil })
		if err != nil || p.Name != "The shop" || len(p.Origins) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if err := one.RemoveProject(t.Context(), shop.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := two.PatchProject(t.Context(), shop.ID, func(*core.Project) error { return nil }); !core.IsCode(err, core.CodeNotFound) {
			t.Fatalf("one that was removed elsewhere: %v", err)
		}
	})
}
