// Package node holds the runtime of plugins in JavaScript, which `pocketping plugin new`
// puts beside a new one.
package node

import "embed"

//go:generate cp ../plugin/pluginv1/plugin.proto plugin.proto

// Files are the package @pocketping/plugin, and the versions that it was tested with.
//
//go:embed index.js index.d.ts package.json package-lock.json plugin.proto lib/*.js
var Files embed.FS
