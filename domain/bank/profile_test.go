package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

func TestAProfileThatNoBankCanMeanIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, bank.DefaultProfile().Valid())
	for path, change := range map[string]func(*bank.Profile){
		"nameSymbols":      func(p *bank.Profile) { p.NameSymbols = "()-.ｰ" },
		"referenceSymbols": func(p *bank.Profile) { p.ReferenceSymbol = `-,` },
		"transferClass":    func(p *bank.Profile) { p.TransferClass = "" },
		"recordsMax":       func(p *bank.Profile) { p.RecordsMax = 1_000_000 },
		"daysAheadMax":     func(p *bank.Profile) { p.DaysAheadMax = 181 },
		"businessDaysMin":  func(p *bank.Profile) { p.BusinessDaysMin = -1 },
	} {
		p := bank.DefaultProfile()
		change(&p)
		err := p.Valid()
		require.ErrorIs(t, err, bank.ErrProfile, path)
		refusal, _ := fault.Of(err)
		require.Len(t, refusal.Fields, 1)
		require.Equal(t, path, refusal.Fields[0].Path)
	}
	err := bank.Profile{NameSymbols: "ア", ReferenceSymbol: "ア", TransferClass: "70", BusinessDaysMin: 31}.Valid()
	refusal, _ := fault.Of(err)
	require.Len(t, refusal.Fields, 6)
	require.Empty(t, bank.ErrProfile.Fields)
	for _, class := range []string{"7", "8", "0", " "} {
		p := bank.DefaultProfile()
		p.TransferClass = class
		require.NoError(t, p.Valid())
	}
}

func TestAProfileCannotLetInWhatNoBankTakes(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.NameSymbols, p.ReferenceSymbol = "aｰｬ･&漢,", "aｰ,&漢"
	for _, r := range "aｰｬ･&漢" {
		require.NotNil(t, p.Judge(bank.NameOfHolder, 'ｱ', r), "%q", r)
		require.NotNil(t, p.Judge(bank.ReferenceText, 'ｱ', r), "%q", r)
	}
	require.Nil(t, p.Judge(bank.NameOfHolder, 'ｱ', ','))
	require.ErrorIs(t, p.Judge(bank.ReferenceText, 'ｱ', ','), bank.ErrKanaComma)
}
