// Package usecase holds what every activity shares: the unit of work and the clock.
//
// The activities themselves are its subpackages, named by what people do: paying, charging, granting. An
// activity authorises, decides and composes; what it needs of the outside it names as a struct of stores, and
// an adapter binds those stores to one transaction.
package usecase

import (
	"context"
	"time"

	"lovesaijo/domain/fault"
)

// ErrLocked tells that somebody else keeps something locked that a unit needs. Nothing was written.
var ErrLocked = fault.Define(fault.Unavailable, "locked_elsewhere", "ただいま混み合っています。少し待ってからもう一度お試しください。")

// Unit runs work in one transaction over the stores that S names.
//
// Do calls work with stores bound to a fresh transaction. When work returns nil everything it wrote is
// committed, all or nothing; when it returns an error, or the commit fails, nothing is, and Do returns that
// error. Work may be called again after a serialization failure or deadlock (four attempts in all), so it must
// have no effect but through its stores. Writes may be held back until the commit: an error of a write can
// surface only from Do. Where others hold a lock for seconds on end, Do gives up with ErrLocked.
type Unit[S any] interface {
	Do(ctx context.Context, work func(ctx context.Context, stores S) error) error
}

// Do runs work in one unit and returns its result once the unit is committed.
func Do[S, R any](ctx context.Context, unit Unit[S], work func(ctx context.Context, stores S) (R, error)) (R, error) {
	var result R
	err := unit.Do(ctx, func(ctx context.Context, stores S) error {
		var err error
		result, err = work(ctx, stores)
		return err
	})
	if err != nil {
		var none R
		return none, err
	}
	return result, nil
}

// Clock tells the present moment. Activities ask it once and pass the instant on.
type Clock func() time.Time
