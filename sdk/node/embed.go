// Package node holds the runtime of plugins in JavaScript, which `pocketping plugin new`
// puts beside a new one.
package node

import "embed"

//go:generate cp ../plugin/pluginv1/plugin.proto plugin.proto

// Files are the package @pocketping/plugin.
//
//go:embed index.js index.d.ts package.json plugin.proto lib/*.js
var Files embed.FS
