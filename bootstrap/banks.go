package bootstrap

import (
	"sync"

	"go.uber.org/fx"

	"lovesaijo/adapter/bankmaster"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/bank"
	"lovesaijo/usecase"
	"lovesaijo/usecase/banking"
)

// The test bank has a number that no bank has, so that no demonstration can pay anybody.
var testBank = []bank.Listing{
	{Bank: bank.Bank{Code: "9999", Name: "テスト", Kana: "ﾃｽﾄ"}, Branch: bank.Branch{Code: "001", Name: "本店", Kana: "ﾎﾝﾃﾝ"}},
	{Bank: bank.Bank{Code: "9999", Name: "テスト", Kana: "ﾃｽﾄ"}, Branch: bank.Branch{Code: "002", Name: "西", Kana: "ﾆｼ"}},
}

// embeddedBanks gives the list of banks that comes with the program, with the test bank where that is wanted.
func embeddedBanks(withTestBank bool) bank.Embedded {
	if !withTestBank {
		return bankmaster.Embedded
	}
	return sync.OnceValues(func() (*bank.Master, error) {
		master, err := bankmaster.Embedded()
		if err != nil {
			return nil, err
		}
		return master.With(testBank...)
	})
}

// bankLists is what administrators do about the list of banks.
var bankLists = fx.Provide(
	func(db *postgres.DB, embedded bank.Embedded) usecase.Unit[banking.Stores] {
		return postgres.NewUnit(db, func(s *postgres.Session) banking.Stores {
			return banking.Stores{Masters: s.BankMasters(embedded), Trail: s.Trail()}
		})
	},
	func() bank.MasterReader { return bankmaster.Reader{} },
	banking.New,
)
