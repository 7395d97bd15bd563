// Package bench holds the floor that payments are measured against: the least work that a payment with lots,
// history, idempotency and an outbox must do in PostgreSQL, as one hand-written function call per payment.
//
// pgbench makes the calls, over the same socket as the platform and in turns with it (see adapter/loadgen), so
// that a machine that slows down does so for both. The goal is a ratio of at least 1.0: authenticated HTTP may
// not be slower than this (design §6). The floor lives in a database of its own, never in the platform's.
package bench

import _ "embed"

// Schema makes the floor in an empty database: tables, the function floor.pay, payers with their lots, merchants,
// and the view floor.wrongs, which is empty as long as the books balance.
//
//go:embed floor.sql
var Schema string

// Script is the transaction that pgbench repeats.
//
//go:embed floor.pgbench
var Script string
