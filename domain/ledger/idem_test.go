package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

func keyed(o ledger.Order, key idem.Key, hash byte) ledger.Order {
	o.Claim, o.Hash = idem.Claim{Actor: o.Actor, Key: key}, idem.Hash{0: hash}
	return o
}

func TestKeyOfAnEarlierUnitIsReplayed(t *testing.T) {
	t.Parallel()
	s := rich()
	o := keyed(pays(hana, shop, 100), "once-only", 1)
	s.records = []idem.Record{{Claim: o.Claim, Hash: o.Hash, Result: [16]byte{15: 77}}}
	b := s.open()
	r, err := b.Pay(o)
	require.NoError(t, err)
	require.Equal(t, ledger.Receipt{Entry: ledger.EntryID{15: 77}, Replayed: true}, r)
	require.Equal(t, s.open(), b, "a replay changes nothing")
}

func TestKeyIsReplayedEvenWhenTheActWouldNowBeRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	o := keyed(pays(hana, shop, 100), "once-only", 1)
	s.records = []idem.Record{{Claim: o.Claim, Hash: o.Hash, Result: [16]byte{15: 77}}}
	r, err := s.open().Pay(o)
	require.NoError(t, err, "the wallet is empty by now")
	require.True(t, r.Replayed)
}

func TestKeyWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	s := rich()
	o := keyed(pays(hana, shop, 100), "once-only", 1)
	s.records = []idem.Record{{Claim: o.Claim, Hash: idem.Hash{0: 2}, Result: [16]byte{15: 77}}}
	b := s.open()
	_, err := b.Pay(o)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	require.Equal(t, s.open(), b)
}

func TestKeyOfAnotherActorIsAnotherKey(t *testing.T) {
	t.Parallel()
	s := rich()
	o := keyed(pays(hana, shop, 100), "once-only", 1)
	theirs := o.Claim
	theirs.Actor = owner(taro)
	s.records = []idem.Record{{Claim: theirs, Hash: idem.Hash{0: 2}, Result: [16]byte{15: 77}}}
	r, err := s.open().Pay(o)
	require.NoError(t, err)
	require.False(t, r.Replayed)
}

func TestKeyTwiceInOneBookIsOneEntry(t *testing.T) {
	t.Parallel()
	b := rich().open()
	o := keyed(pays(hana, shop, 100), "once-only", 1)
	first, err := b.Pay(o)
	require.NoError(t, err)
	second, err := b.Pay(o)
	require.NoError(t, err)
	require.True(t, second.Replayed)
	require.Equal(t, first.Entry, second.Entry)
	_, err = b.Pay(keyed(pays(hana, shop, 100), "once-only", 2))
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	w := b.Written()
	require.Len(t, w.Entries, 1)
	require.Equal(t, []idem.Record{{Claim: o.Claim, Hash: o.Hash, Result: first.Entry}}, w.Records)
	require.Equal(t, money.Points(100), balance(t, b, shop))
}

func TestKeyOfARefusedActIsNotKept(t *testing.T) {
	t.Parallel()
	b := rich().open()
	_, err := b.Pay(keyed(pays(hana, shop, 10_001), "once-only", 1))
	require.Error(t, err)
	require.Empty(t, b.Written().Records)
	r, err := b.Pay(keyed(pays(hana, shop, 10_000), "once-only", 2))
	require.NoError(t, err)
	require.False(t, r.Replayed)
}

func TestKeyOfAChargeIsReplayedOrRefusedAlike(t *testing.T) {
	t.Parallel()
	b := newScene().open()
	first, err := b.Charge(charges(shop, hana, 100, "charge-once"))
	require.NoError(t, err)
	second, err := b.Charge(charges(shop, hana, 100, "charge-once"))
	require.NoError(t, err)
	require.Equal(t, ledger.Receipt{Entry: first.Entry, Replayed: true}, second)
	_, err = b.Charge(charges(shop, hana, 101, "charge-once"))
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	require.Equal(t, money.Points(100), balance(t, b, hana))
}
