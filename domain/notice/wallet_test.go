package notice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/notice"
)

func TestANoticeSaysHowMuchCameBackAndWhatIsPromised(t *testing.T) {
	t.Parallel()
	for want, changed := range map[string]ledger.WalletChanged{
		"1,200ポイントを支払いました。60ポイントが還元されました。残高は34,000ポイントです。":               {Paid: true, Delta: -1_140, Cashback: 60},
		"1,200ポイントの支払いを受け取りました。60ポイントを還元しました。残高は34,000ポイントです。":           {Delta: 1_140, Cashback: 60},
		"1,200ポイントを支払いました。キャンペーンの終了後に120ポイントが還元される予定です。残高は34,000ポイントです。": {Paid: true, Delta: -1_200, Promised: 120},
		"500ポイントを支払いました。500ポイントが還元されました。残高は34,000ポイントです。":                {Paid: true, Cashback: 500},
		"500ポイントの支払いを受け取りました。500ポイントを還元しました。残高は34,000ポイントです。":            {Cashback: 500},
		"500ポイントを支払いました。残高は34,000ポイントです。":                                {Delta: -500},
	} {
		changed.Type, changed.Balance = ledger.Payment, 34_000
		told, ok := notice.OfWallet(changed)
		require.True(t, ok)
		require.Equal(t, want, told.Body)
	}
}
