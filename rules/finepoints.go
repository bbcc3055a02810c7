package rules

import _ "embed"

// FinePoints is fine-points.md.
//
//go:embed fine-points.md
var FinePoints string
