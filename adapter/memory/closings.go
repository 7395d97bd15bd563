package memory

import (
	"lovesaijo/domain/approval"
	"lovesaijo/domain/settlement"
)

// closings are the tables of settlement, and of what waits for a second person.
type closings struct {
	periods    *table[settlement.PeriodID, settlement.Period]
	statements *table[statementKey, settlement.Statement]
	claims     *table[settlement.ClaimID, settlement.Claim]
	payouts    *table[settlement.PayoutID, settlement.Payout]
	files      *table[settlement.FileID, settlement.File]
	accounts   *table[settlement.AccountID, settlement.MerchantAccount]
	decisions  *list[settlement.SettingsVersion]
	requests   *table[approval.ID, approval.Request]
}

func newClosings() closings {
	return closings{
		periods: &table[settlement.PeriodID, settlement.Period]{}, statements: &table[statementKey, settlement.Statement]{},
		claims: &table[settlement.ClaimID, settlement.Claim]{}, payouts: &table[settlement.PayoutID, settlement.Payout]{},
		files: &table[settlement.FileID, settlement.File]{}, accounts: &table[settlement.AccountID, settlement.MerchantAccount]{},
		decisions: &list[settlement.SettingsVersion]{}, requests: &table[approval.ID, approval.Request]{},
	}
}

func (c *closings) parts() []part {
	return []part{c.periods, c.statements, c.claims, c.payouts, c.files, c.accounts, c.decisions, c.requests}
}
