package settling

import (
	"encoding/json"
	"fmt"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/settlement"
)

// The purposes for which the vault seals. Each names the row that it belongs to, so that what is moved to another row
// does not open there.
const (
	purposeAccount = "bank_account:"
	purposeFile    = "bank_file:"
)

// plainAccount is an account as it is sealed. It names the fields, since an account shows itself to nobody.
type plainAccount struct {
	Bank   string `json:"bank"`
	Branch string `json:"branch"`
	Type   uint8  `json:"type"`
	Number string `json:"number"`
	Holder string `json:"holder"`
}

func sealAccount(vault settlement.Vault, id settlement.AccountID, a bank.Account) ([]byte, error) {
	plain, err := json.Marshal(plainAccount{string(a.Bank), string(a.Branch), uint8(a.Type), a.Number, string(a.Holder)})
	if err != nil {
		return nil, fmt.Errorf("spell account %s: %w", id, err)
	}
	sealed, err := vault.Seal(purposeAccount+id.String(), plain)
	if err != nil {
		return nil, fmt.Errorf("seal account %s: %w", id, err)
	}
	return sealed, nil
}

func unsealAccount(vault settlement.Vault, account settlement.MerchantAccount) (bank.Account, error) {
	text, err := vault.Unseal(purposeAccount+account.ID.String(), account.Sealed)
	if err != nil {
		return bank.Account{}, fmt.Errorf("unseal account %s: %w", account.ID, err)
	}
	var plain plainAccount
	if err := json.Unmarshal(text, &plain); err != nil {
		return bank.Account{}, fmt.Errorf("account %s is not what was sealed", account.ID) // the error would quote it
	}
	return bank.Account{
		Bank: bank.Code(plain.Bank), Branch: bank.BranchCode(plain.Branch), Type: bank.AccountType(plain.Type),
		Number: plain.Number, Holder: bank.Kana(plain.Holder),
	}, nil
}
