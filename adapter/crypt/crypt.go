// Package crypt keeps secrets secret: it hashes passwords (argon2id), signs access tokens (JWT, HS256), seals what
// the platform hands out as proof (Ed25519), and keeps in a vault what must not be readable in the database
// (AES-256-GCM).
//
// Keys come from the environment or from files that only their owner may read; a missing file is made with fresh
// random bytes. Access keys have an identifier, which every token names, so that a new key can sign while tokens
// of the one before live out their ten minutes: put the new line first, restart, and take the old line away later.
// Algorithms are fixed here and never taken from what is to be verified.
package crypt
