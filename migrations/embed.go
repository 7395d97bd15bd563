// Package migrations holds the schema as numbered steps, with assertions that hold before and after each.
//
// A step is NNNNN_words.sql in goose's form. assert/NNNNN_before.sql and assert/NNNNN_after.sql, where they exist,
// are queries that return one row per thing that is wrong; a step with a wrong thing on either side does not
// stand (annex 1, clause 3: migration with before and after checks).
package migrations

import "embed"

// Steps are the schema's steps.
//
//go:embed *.sql
var Steps embed.FS

// Assertions are the checks around the steps.
//
//go:embed assert/*.sql
var Assertions embed.FS
