// Package docs holds the documents that are handed out by the program.
package docs

import _ "embed"

// Protocol is protocol.md.
//
//go:embed protocol.md
var Protocol string
