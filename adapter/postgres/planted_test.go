package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
)

// planted are the ways in which somebody with full rights on the database may tamper with sealed books.
var planted = map[string]struct {
	sql   string
	codes []proof.Code
	text  string
}{
	"a lot with more in it": {
		`UPDATE lots SET remaining = remaining + 500 WHERE id = (SELECT id FROM lots WHERE open ORDER BY id LIMIT 1)`,
		[]proof.Code{proof.LotDiffers, proof.FundUnbalanced},
		", journal says ",
	},
	"a wallet with more in it, its lot and line to match": {
		`UPDATE lots SET remaining = remaining + 500 WHERE id = (SELECT id FROM lots WHERE open AND wallet_id = 'a0000000-0000-0000-0000-000000000001' LIMIT 1);
		 UPDATE wallets SET balance = balance + 500 WHERE id = 'a0000000-0000-0000-0000-000000000001';
		 UPDATE lines SET balance = balance + 500 WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 5`,
		[]proof.Code{proof.LotDiffers, proof.WalletDiffers, proof.LineDiffers, proof.FundUnbalanced},
		"wallet a0000000-0000-0000-0000-000000000001 has 4000, journal says 3500",
	},
	"a fund with more cash": {
		`UPDATE pots SET balance = balance - 1 WHERE kind = 1 AND fund = 'city'`,
		[]proof.Code{proof.PotDiffers, proof.FundUnbalanced},
		"pot bank:city has 84001, journal says 84000",
	},
	"a pot of nowhere": {
		`INSERT INTO pots (kind, owner, fund, balance) VALUES (6, '10000000-0000-0000-0000-000000000003', 'city', 9)`,
		[]proof.Code{proof.PotDiffers, proof.FundUnbalanced},
		"has 9, journal says 0",
	},
	"a deleted entry": {
		`DELETE FROM entries WHERE seq = 8`,
		[]proof.Code{
			proof.SealHash, proof.PostingNoEntry, proof.LotUnknown, proof.LotExtra, proof.WalletDiffers, proof.PotDiffers,
			proof.LineDiffers, proof.LineExtra,
		},
		"covers 17 entries from 1 to 17, the journal has 16",
	},
	"a deleted entry with all that belongs to it": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 17);
		 DELETE FROM lines WHERE entry_id = (SELECT id FROM entries WHERE seq = 17);
		 DELETE FROM idempotency_keys WHERE result = (SELECT id FROM entries WHERE seq = 17);
		 UPDATE wallets SET balance = balance - 300, lines = lines - 1 WHERE id = 'b0000000-0000-0000-0000-000000000002';
		 DELETE FROM lots WHERE wallet_id = 'b0000000-0000-0000-0000-000000000002' AND open AND remaining = 300;
		 UPDATE pots SET balance = balance + 300 WHERE kind = 2 AND owner = '10000000-0000-0000-0000-000000000003' AND fund = 'city';
		 DELETE FROM entries WHERE seq = 17`,
		[]proof.Code{proof.JournalCutShort, proof.SealHash},
		"journal ends at 16, seal 1 says 17",
	},
	"a deleted posting": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 11) AND no = 1`,
		[]proof.Code{proof.SealHash, proof.LotUnknown, proof.WalletOverdrawn, proof.LotDiffers, proof.LotExtra, proof.WalletDiffers, proof.LineDiffers},
		"journal says",
	},
	"an entry whose postings are gone": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 3)`,
		[]proof.Code{proof.SealHash, proof.EntryEmpty, proof.PotDiffers},
		"has no posting",
	},
	"a posting at another moment": {
		`UPDATE postings SET at = at - interval '1 year' WHERE entry_id = (SELECT id FROM entries WHERE seq = 3)`,
		[]proof.Code{proof.PostingMoment},
		"says 2025-",
	},
	"a changed memo": {
		`UPDATE entries SET memo = '別' WHERE seq = 1`,
		[]proof.Code{proof.SealHash},
		"seal 1 says entries 1 to 17 have hash",
	},
	"a changed memo of a payment": {
		`UPDATE entries SET memo = '別' WHERE seq = 11`,
		[]proof.Code{proof.SealHash, proof.LineDiffers},
		"has in line 4 another memo than its entry",
	},
	"another actor": {
		`UPDATE entries SET actor_id = gen_random_uuid() WHERE seq = 1`,
		[]proof.Code{proof.SealHash},
		"seal 1",
	},
	"a swapped order of two deposits": {
		`ALTER TABLE entries ALTER seq DROP IDENTITY;
		 UPDATE entries SET seq = -1 WHERE seq = 1; UPDATE entries SET seq = 1 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = -1`,
		[]proof.Code{proof.SealHash},
		"seal 1",
	},
	"a swapped order of two payments": {
		`ALTER TABLE entries ALTER seq DROP IDENTITY;
		 UPDATE entries SET seq = -1 WHERE seq = 11; UPDATE entries SET seq = 11 WHERE seq = 12; UPDATE entries SET seq = 12 WHERE seq = -1`,
		[]proof.Code{proof.SealHash, proof.LineDiffers},
		"has in line 4 the entry",
	},
	"a lot's key forged": {
		`UPDATE lots SET hops = 5 WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002'`,
		[]proof.Code{proof.LotDiffers},
		"/5 hops/paid, journal says",
	},
	"a lot's key forged in the journal as well": {
		`UPDATE postings SET hops = 5 WHERE destination_lot IN (SELECT id FROM lots WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002');
		 UPDATE lots SET hops = 5 WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002'`,
		[]proof.Code{proof.SealHash, proof.PostingPassed},
		"/5 hops/",
	},
	"a prolonged expiry": {
		`UPDATE lots SET expires_on = expires_on + 365 WHERE open AND expires_on < '9999-01-01' AND hops = 0`,
		[]proof.Code{proof.LotDiffers},
		"journal says",
	},
	"a deleted line": {
		`DELETE FROM lines WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 2`,
		[]proof.Code{proof.LineMissing},
		"history of wallet a0000000-0000-0000-0000-000000000001 lacks line 2: grant +1500",
	},
	"a line too many": {
		`INSERT INTO lines SELECT wallet_id, 99, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner, memo FROM lines WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 2`,
		[]proof.Code{proof.LineExtra},
		"has line 99",
	},
	"a key whose entry is gone": {
		`UPDATE idempotency_keys SET result = gen_random_uuid() WHERE result = (SELECT id FROM entries WHERE seq = 9)`,
		[]proof.Code{proof.KeyWithoutResult},
		"which is gone",
	},
	"a posting without an entry": {
		`INSERT INTO postings SELECT gen_random_uuid(), no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount
		 FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 1)`,
		[]proof.Code{proof.PostingNoEntry},
		"the journal has no such entry",
	},
	"a deleted wallet": {
		`DELETE FROM wallets WHERE id = 'f0000000-0000-0000-0000-000000000004'`,
		[]proof.Code{proof.WalletMissing},
		"wallet f0000000-0000-0000-0000-000000000004 is missing",
	},
	"a deleted seal": {
		`DELETE FROM seals`,
		[]proof.Code{proof.SealMissing},
		"exported head 1 has no seal in the database",
	},
	"a seal with another signature": {
		`UPDATE seals SET signature = decode(repeat('00', 64), 'hex')`,
		[]proof.Code{proof.SealSignature, proof.HeadDiffers},
		"does not carry the platform's signature",
	},
	"a seal with a hash cut off": {
		`UPDATE seals SET hash = '\x00'`,
		[]proof.Code{proof.SealSignature, proof.SealHash, proof.HeadDiffers},
		"seal 1",
	},
}

func TestVerifyNamesWhatWasPlantedInPostgreSQL(t *testing.T) {
	t.Parallel()
	for name, plant := range planted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.live(t, 0, 17)
			h.sealTo(t, 17)
			h.exec(t, plant.sql)
			verdict := h.prove(t)
			require.False(t, verdict.Clean)
			require.ElementsMatch(t, plant.codes, codesOf(verdict), verdict)
			require.Contains(t, verdict.String(), plant.text)
		})
	}
}

// plantedOn are the ways that came with the sequel.
var plantedOn = map[string]struct {
	sql  string
	code proof.Code
	text string
}{
	"a wrong cashback on a line": {
		`UPDATE lines SET cashback = cashback + 1 WHERE cashback > 0 AND wallet_id = 'a0000000-0000-0000-0000-000000000001' AND entry_id = (SELECT id FROM entries WHERE seq = 21)`,
		proof.LineDiffers, "the cashback 151, journal says 150",
	},
	"a reversal that is there twice": {
		`DROP INDEX entries_reversed_once;
		 INSERT INTO entries (id, type, at, actor_id, corrects_id, memo) SELECT '00000000-0000-7000-8000-000000000001', type, at, actor_id, corrects_id, memo FROM entries WHERE seq = 41;
		 INSERT INTO corrections SELECT '00000000-0000-7000-8000-000000000001', original_id, amount, receivable FROM corrections WHERE entry_id = (SELECT id FROM entries WHERE seq = 41);
		 INSERT INTO postings SELECT '00000000-0000-7000-8000-000000000001', no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount
			FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 41);
		 UPDATE pots SET balance = balance + CASE kind WHEN 1 THEN 500 ELSE -500 END WHERE kind IN (1, 3) AND fund = 'city'`,
		proof.CorrectionTwice, "again",
	},
	"a reversal that gives more than the original": {
		`UPDATE postings SET amount = amount + 5 WHERE entry_id = (SELECT id FROM entries WHERE seq = 42);
		 UPDATE corrections SET amount = amount + 5 WHERE entry_id = (SELECT id FROM entries WHERE seq = 42);
		 UPDATE pots SET balance = balance + CASE kind WHEN 1 THEN -5 ELSE 5 END WHERE kind IN (1, 3) AND fund = 'city'`,
		proof.CorrectionTooMuch, "gives back 5 more than entry",
	},
	"a debt without a correction": {
		`UPDATE postings SET source_kind = 7, source_owner = 'b0000000-0000-0000-0000-000000000002' WHERE entry_id = (SELECT id FROM entries WHERE seq = 40);
		 UPDATE pots SET balance = balance + 500 WHERE kind = 1 AND fund = 'city';
		 UPDATE pots SET balance = balance - 500 WHERE kind = 7 AND owner = 'b0000000-0000-0000-0000-000000000002' AND fund = 'city'`,
		proof.PostingRoute, "goes from receivable to unissued, which a deposit does not",
	},
	"an entry that undoes another one than it did": {
		`UPDATE entries SET corrects_id = (SELECT id FROM entries WHERE seq = 1) WHERE seq = 41`,
		proof.SealHash, "",
	},
	"room for a correction made anew": {
		`DELETE FROM corrections WHERE entry_id = (SELECT id FROM entries WHERE seq = 22)`,
		proof.CorrectionMissing, "does not say how much",
	},
	"an award of no payment": {
		`INSERT INTO awards (payment_id, entry_id, offer_id, wallet_id, shop_id, at, campaign, base, earned, amount)
			SELECT gen_random_uuid(), gen_random_uuid(), offer_id, wallet_id, shop_id, at, campaign, base, earned, 500 FROM awards WHERE campaign LIMIT 1`,
		proof.AwardNoPayment, "is 500, and the entry is no payment",
	},
	"an award with more in it": {
		`UPDATE awards SET amount = amount + 7 WHERE NOT campaign AND entry_id = (SELECT id FROM entries WHERE seq = 21)`,
		proof.AwardDiffers, "was awarded 257, journal says 250",
	},
	"a campaign that counts more than it promised": {
		`UPDATE campaigns SET accrued = accrued + 5, state = 'ended'`,
		proof.PromiseDiffers, "counts 55, its awards sum to 0",
	},
	"a promise with more in it": {
		`UPDATE awards SET amount = amount + 70 WHERE campaign AND entry_id = (SELECT id FROM entries WHERE seq = 21)`,
		proof.PromiseDiffers, "counts 50, its awards sum to 70",
	},
	"a share that forgets what was had": {
		`INSERT INTO shares (wallet_id, offer_id, amount) SELECT wallet_id, offer_id, 0 FROM awards WHERE NOT campaign AND payment_id <> (SELECT id FROM entries WHERE seq = 21) AND amount > 0 LIMIT 1;
		 DELETE FROM awards WHERE entry_id = (SELECT id FROM entries WHERE seq = 27)`,
		proof.PromiseDiffers, "share of wallet a0000000-0000-0000-0000-000000000001",
	},
	"an amount undone by nothing": {
		`INSERT INTO corrections (entry_id, original_id, amount) SELECT gen_random_uuid(), id, 9 FROM entries WHERE seq = 26`,
		proof.CorrectionExtra, "is said to have undone 9",
	},
}

func TestVerifyNamesWhatWasPlantedInCashbackAndCorrections(t *testing.T) {
	t.Parallel()
	for name, plant := range plantedOn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.live(t, 0, 17)
			h.liveOn(t)
			h.sealTo(t, 17+prooftest.SequelEntries)
			h.exec(t, plant.sql)
			verdict := h.prove(t)
			require.Contains(t, codesOf(verdict), plant.code, verdict)
			require.Contains(t, verdict.String(), plant.text)
		})
	}
}
