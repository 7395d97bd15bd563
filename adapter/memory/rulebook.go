package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
)

// Rulebook is ledger.Rulebook on a session.
type Rulebook struct{ session *Session }

// Rulebook gives the session's rulebook.
func (s *Session) Rulebook() *Rulebook { return &Rulebook{s} }

// RulesReader is ledger.RulesReader on a store.
type RulesReader struct{ store *Store }

// Rules gives the reader of rules.
func (s *Store) Rules() *RulesReader { return &RulesReader{s} }

var (
	_ ledger.Rulebook    = (*Rulebook)(nil)
	_ ledger.RulesReader = (*RulesReader)(nil)
)

// Current is ledger.Rulebook's.
func (r *Rulebook) Current(context.Context) (ledger.Rules, error) {
	return r.session.newestRules().Rules, nil
}

// Amend is ledger.Rulebook's.
func (r *Rulebook) Amend(_ context.Context, version ledger.RulesVersion) (int64, error) {
	version.Rules.Version = r.session.newestRules().Rules.Version + 1
	version.Rules.Precedence = slices.Clone(version.Rules.Precedence)
	version.Rules.Kinds = nil
	r.session.rules.add(version)
	return version.Rules.Version, nil
}

// SaveKind is ledger.Rulebook's.
func (r *Rulebook) SaveKind(ctx context.Context, kind lot.Kind, at time.Time) error {
	if err := kind.Valid(); err != nil {
		return r.session.fail(violation("kinds_code_well_formed", "kind %q: %s", kind.Code, err))
	}
	r.session.kinds.put(kind.Code, kind)
	_, err := r.Amend(ctx, ledger.RulesVersion{Rules: r.session.newestRules().Rules, At: at, Reason: "kind " + string(kind.Code)})
	return err
}

// Rules is ledger.RulesReader's.
func (r *RulesReader) Rules(context.Context) (rules ledger.Rules, err error) {
	r.store.read(func(t *tables) { rules = t.newestRules().Rules })
	return rules, nil
}

// Versions is ledger.RulesReader's. The kinds are today's in every version.
func (r *RulesReader) Versions(context.Context) (versions []ledger.RulesVersion, err error) {
	r.store.read(func(t *tables) {
		for version := range t.rules.all() {
			versions = append(versions, t.withKinds(version))
		}
		if len(versions) == 0 {
			versions = []ledger.RulesVersion{t.newestRules()}
		}
	})
	slices.Reverse(versions)
	return versions, nil
}

// newestRules gives the rules in force: the defaults, as version 0, where nothing was decided yet.
func (t *tables) newestRules() ledger.RulesVersion {
	newest := ledger.RulesVersion{Rules: ledger.DefaultRules()}
	for version := range t.rules.all() {
		newest = version
	}
	return t.withKinds(newest)
}

func (t *tables) withKinds(version ledger.RulesVersion) ledger.RulesVersion {
	version.Rules.Precedence = slices.Clone(version.Rules.Precedence)
	version.Rules.Kinds = maps.Collect(t.kinds.all())
	return version
}
