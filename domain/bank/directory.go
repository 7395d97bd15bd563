package bank

import (
	"context"
	"time"
)

// Masters replaces the bank master, inside a unit of work.
type Masters interface {
	// Current gives the newest master, as Directory does, and lets nobody else replace it until the unit ends.
	Current(ctx context.Context) (*Master, error)
	// Replace makes a master the newest one that was brought in.
	Replace(ctx context.Context, master *Master, by [16]byte, at time.Time) error
}

// Directory gives the newest master: the last one that an administrator has brought in, or the embedded one where
// none was, or where a later release embeds a master of a later day.
type Directory interface {
	Master(ctx context.Context) (*Master, error)
}

// Embedded gives the master that the program carries with itself.
type Embedded func() (*Master, error)

// Newer chooses between the embedded master and the last one that was brought in, which may be nil.
func Newer(embedded Embedded, brought *Master) (*Master, error) {
	own, err := embedded()
	if err != nil || brought == nil || brought.AsOf < own.AsOf {
		return own, err
	}
	return brought, nil
}
