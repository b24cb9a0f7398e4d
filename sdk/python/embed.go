// Package python holds the runtime of plugins in Python, which `pocketping plugin new`
// puts beside a new one.
package python

import "embed"

//go:generate go test -run ^TestDescription$ . -update

// Files are the package pocketping, as Python imports it.
//
//go:embed pocketping/*.py
var Files embed.FS
