// Package docs holds the description of the HTTP API, which the server serves.
package docs

import _ "embed"

// OpenAPI is docs/openapi.json: every call, in OpenAPI 3.1. The suite of core/web holds
// the server against it, and api.md is made from it.
//
//go:embed openapi.json
var OpenAPI []byte
