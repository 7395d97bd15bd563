package model_test

import (
	"context"
	"maps"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/usertest"
)

func (m *machine) changeRules(rt *rapid.T) {
	r := m.rules
	switch rapid.IntRange(0, 6).Draw(rt, "which") {
	case 0:
		r.Precedence = rapid.Permutation([]lot.Criterion(lot.DefaultPrecedence)).Draw(rt, "precedence")
	case 1:
		r.Transfers.Allowed = !r.Transfers.Allowed
	case 2:
		r.Transfers.PerTimeMax = money.Points(rapid.IntRange(1, 1_000).Draw(rt, "per time"))
		r.Transfers.PerMonthMax = money.Points(rapid.IntRange(1, 3_000).Draw(rt, "per month"))
	case 3:
		r.PaymentMax = rapid.SampledFrom([]money.Points{100, 1_000, 1_000_000}).Draw(rt, "largest payment")
	case 4:
		r.ChargeKind, r.ChargeFund = rapid.SampledFrom(append(m.town.kinds, "")).Draw(rt, "charge kind"), m.fund(rt)
	case 5:
		r.ChargeMax = rapid.SampledFrom([]money.Points{50, 1_000, 100_000}).Draw(rt, "largest charge")
	case 6:
		r.TillCashMax = rapid.SampledFrom([]money.Points{1_000, 10_000, 1_000_000}).Draw(rt, "fullest till")
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		_, err := s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: r, By: m.town.mayor.ID, At: m.now, Reason: "変更"})
		return err
	})
	m.rules = r
	m.readRules(rt)
}

func (m *machine) changeKinds(rt *rapid.T) {
	k := m.rules.Kinds[m.kind(rt)]
	switch rapid.IntRange(0, 5).Draw(rt, "which") {
	case 0:
		k.ClearedAtMerchant = !k.ClearedAtMerchant
	case 1:
		k.Transferable = !k.Transferable
	case 2:
		k.Rank = int32(rapid.IntRange(0, 3).Draw(rt, "rank"))
	case 3:
		k.Validity = lot.Validity{Days: int32(rapid.IntRange(0, 9).Draw(rt, "days"))}
	case 4:
		k.Retired = rapid.SampledFrom([]calendar.Day{m.today() + 3, calendar.Never}).Draw(rt, "retired")
	case 5:
		k.Earns = !k.Earns
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Rulebook.SaveKind(ctx, k, m.now) })
	m.rules.Kinds = maps.Clone(m.rules.Kinds)
	m.rules.Kinds[k.Code] = k
	m.readRules(rt)
}

// readRules wants to read on both sides what was decided.
func (m *machine) readRules(rt *rapid.T) {
	for _, s := range m.sides {
		got, err := s.rules.Rules(rt.Context())
		require.NoError(rt, err, s.name)
		kinds := map[lot.KindCode]lot.Kind{}
		for _, code := range m.town.kinds {
			kinds[code] = got.Kinds[code]
		}
		got.Kinds, got.Version = kinds, m.rules.Version
		require.Equal(rt, m.rules, got, s.name)
	}
}

func (m *machine) closeWallet(rt *rapid.T) {
	who := m.somebody(rt, "wallet").Wallet
	closed := m.last.Wallets[who].Closed
	if !closed && rapid.IntRange(0, 3).Draw(rt, "reluctance") > 0 {
		rt.Skip("wallets are seldom closed")
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		if closed {
			return s.Wallets.Reopen(ctx, who)
		}
		return s.Wallets.Close(ctx, who)
	})
}

func (m *machine) rotateCode(rt *rapid.T) {
	next := usertest.StandingCode(m.somebody(rt, "owner"))
	next.IssuedAt = m.now
	if rapid.Bool().Draw(rt, "only revoked") {
		token := rapid.SampledFrom(m.codes).Draw(rt, "code")
		m.both(func(ctx context.Context, s ledgertest.Stores) error {
			_, err := s.Codes.Revoke(ctx, token, m.now)
			return err
		})
		return
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		_, err := s.Codes.Rotate(ctx, next)
		return err
	})
	m.codes = append(m.codes, next.Token)
}

func (m *machine) daysGoBy(rt *rapid.T) {
	days := rapid.SampledFrom([]int{0, 1, 2, 5, 31}).Draw(rt, "days")
	m.now = m.now.AddDate(0, 0, days)
	if rapid.Bool().Draw(rt, "to the end of the day") {
		m.now = m.today().End().UTC()
		if rapid.Bool().Draw(rt, "just before it") {
			m.now = m.now.Add(-time.Microsecond)
		}
	}
}

func (m *machine) lookBack(rt *rapid.T) {
	begin := ledgertest.Now.Add(-2 * time.Hour)
	at := begin.Add(time.Duration(rapid.Int64Range(0, int64(m.now.Sub(begin))).Draw(rt, "instant"))).Truncate(time.Microsecond)
	memory := m.sides[0].past(rt, m.town, at)
	require.Equal(rt, memory, m.sides[1].past(rt, m.town, at))
	for _, f := range memory {
		require.Equal(rt, int64(f.Assets()), int64(f.Points()))
	}
	who, until := m.somebody(rt, "wallet").Wallet, m.today()+calendar.Day(rapid.IntRange(-1, 30).Draw(rt, "days"))
	require.Equal(rt, m.sides[0].lapsing(rt, who, until), m.sides[1].lapsing(rt, who, until))
	for _, l := range m.last.Wallets[who].Lots {
		sources, holder := m.sides[0].ancestry(rt, l.ID)
		others, otherHolder := m.sides[1].ancestry(rt, l.ID)
		require.Equal(rt, sources, others)
		require.Equal(rt, []ledger.WalletID{who, who}, []ledger.WalletID{holder, otherHolder})
	}
}
