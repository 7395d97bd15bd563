package notice

import "lovesaijo/domain/ledger"

// OfWallet words what a change of a wallet tells its owner. ok is false for changes that nobody needs to be told of.
func OfWallet(changed ledger.WalletChanged) (told Notice, ok bool) {
	wording, known := wordings[changed.Type]
	if !known || changed.Delta == 0 && changed.Cashback == 0 { // a correction may net to nothing
		return Notice{}, false
	}
	amount, title, verb, returned := changed.Delta+changed.Cashback, wording.earned, wording.earnedVerb, "を還元しました。"
	if changed.Delta < 0 || changed.Paid {
		amount, title, verb, returned = changed.Cashback-changed.Delta, wording.used, wording.usedVerb, "が還元されました。"
	}
	body := amount.String() + "ポイント" + verb
	if changed.Cashback > 0 {
		body += changed.Cashback.String() + "ポイント" + returned
	}
	if changed.Promised > 0 {
		body += "キャンペーンの終了後に" + changed.Promised.String() + "ポイントが還元される予定です。"
	}
	return Notice{
		User: changed.Owner, ID: changed.ID, At: changed.At, Topic: wording.topic, Entry: changed.Entry, Title: title,
		Body: body + "残高は" + changed.Balance.String() + "ポイントです。",
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

	ledger.Reversal:   {Correction, "取引が取り消されました", "取引が取り消されました", "が取引の取消で戻りました。", "が取引の取消で引かれました。"},
	ledger.Partial:    {Correction, "取引の一部が取り消されました", "取引の一部が取り消されました", "が取引の一部取消で戻りました。", "が取引の一部取消で引かれました。"},
	ledger.Adjustment: {Correction, "ポイントが調整されました", "ポイントが調整されました", "が調整で加えられました。", "が調整で引かれました。"},
	ledger.Recovery:   {Correction, "ポイントで返済しました", "ポイントで返済しました", "を返済しました。", "を返済しました。"},
}
