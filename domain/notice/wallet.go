package notice

import "lovesaijo/domain/ledger"

// OfWallet words what a change of a wallet tells its owner. ok is false for changes that nobody needs to be told of.
func OfWallet(changed ledger.WalletChanged) (told Notice, ok bool) {
	wording, known := wordings[changed.Type]
	if !known {
		return Notice{}, false
	}
	amount, title, verb := changed.Delta, wording.earned, wording.earnedVerb
	if changed.Delta < 0 {
		amount, title, verb = -changed.Delta, wording.used, wording.usedVerb
	}
	return Notice{
		User: changed.Owner, ID: changed.ID, At: changed.At, Topic: wording.topic, Entry: changed.Entry, Title: title,
		Body: amount.String() + "ポイント" + verb + "残高は" + changed.Balance.String() + "ポイントです。",
	}, true
}

// wordings has the words for each type of entry that changes wallets.
var wordings = map[ledger.EntryType]struct {
	topic                              Topic
	earned, used, earnedVerb, usedVerb string
}{
	ledger.Payment:  {Payment, "支払いを受け取りました", "支払いました", "の支払いを受け取りました。", "を支払いました。"},
	ledger.Transfer: {Transfer, "ポイントが届きました", "ポイントを送りました", "が届きました。", "を送りました。"},
	ledger.Charge:   {Charge, "チャージしました", "チャージを取り消しました", "をチャージしました。", "のチャージを取り消しました。"},
	ledger.Grant:    {Grant, "ポイントが給付されました", "給付が取り消されました", "が給付されました。", "の給付が取り消されました。"},
	ledger.Expiry:   {Expiry, "期限切れのポイントが戻りました", "ポイントの有効期限が切れました", "が戻りました。", "の有効期限が切れました。"},
}
