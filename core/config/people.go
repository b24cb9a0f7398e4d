package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/pocketping/pocketping/core"
)

// readOperators reads the operator blocks of a project. An id belongs to one
// person.
func (p *Project) readOperators(parent *block) {
	at := map[string]hcl.Range{}
	parent.each("operator", func(found *hclsyntax.Block) {
		slug, ok := parent.label(found, `operator "olga" { … }`)
		if !ok {
			return
		}
		b := parent.block(fmt.Sprintf("operator %q", slug), found.Body, found.DefRange())
		if slices.ContainsFunc(p.Operators, func(o *Operator) bool { return o.Slug == slug }) {
			b.wrong(b.at, "there is another operator of this name in project %q: each needs its own", p.Slug)
		}
		p.Operators = append(p.Operators, &Operator{
			Slug: slug, IDs: b.ids(at), Name: b.str("name", ""), Avatar: b.str("avatar", "", core.CheckPicture),
		})
		b.done()
	})
}

// ids reads the ids of one person; at is where those of the others stand.
func (b *block) ids(at map[string]hcl.Range) []string {
	ids := b.strs("ids", checkFilled)
	attr := b.body.Attributes["ids"]
	switch {
	case attr == nil:
		b.wrong(b.at, `ids is missing: name the person's ids on the platforms, such as ["12345", "U024BE7LH"]`)
		return nil
	case ids == nil:
		return nil // wrong, and reported
	case len(ids) == 0:
		b.wrong(attr.SrcRange, "ids is empty: name the person's ids on the platforms, or leave the block out")
	}
	for _, id := range ids {
		if other, taken := at[id]; taken {
			b.wrong(attr.SrcRange, "ids: %q stands in line %d already: name each id once, for one person", id, other.Start.Line)
			continue
		}
		at[id] = attr.SrcRange
	}
	return ids
}
