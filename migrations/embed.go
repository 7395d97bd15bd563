// Package migrations holds the schema as numbered steps, with assertions that hold before and after each.
//
// A step is NNNNN_words.sql in goose's form. assert/books.sql is asked before and after every step, and
// assert/NNNNN_before.sql and assert/NNNNN_after.sql, where they exist, around that step alone: queries that return one
// row per thing that is wrong. A wrong thing stops the migration there (annex 1, clause 3: migration with before and
// after checks).
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
