package synthetic_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/japanese"

	"lovesaijo/adapter/synthetic"
)

var (
	katakana      = regexp.MustCompile(`^[ァ-ヴー]+$`)
	ownerKatakana = regexp.MustCompile(`^[ァ-ヴー]+ [ァ-ヴー]+$`)
	mobile        = regexp.MustCompile(`^0900000\d{4}$`)
	landline      = regexp.MustCompile(`^089[78]00\d{4}$`)
)

func encodable(text string) bool {
	_, err := japanese.ShiftJIS.NewEncoder().String(text)
	return err == nil
}

func TestResidentsAreUniqueByMailAndByNameBirthAndPhone(t *testing.T) {
	t.Parallel()
	type identity struct {
		name, phone string
		birth       synthetic.Date
	}
	mails, identities := map[string]bool{}, map[identity]bool{}

	people := synthetic.New(3).Residents(20_000)
	for _, p := range people {
		mails[p.Email] = true
		identities[identity{p.FamilyName + p.GivenName, p.Phone, p.Birth}] = true
	}

	require.Len(t, mails, len(people))
	require.Len(t, identities, len(people))
}

// Those who share a phone number are exactly ten thousand apart, so their birthdays tell a million apart.
func TestResidentsWhoShareAPhoneNumberDifferInBirthday(t *testing.T) {
	t.Parallel()
	g := synthetic.New(3)

	for _, i := range []uint64{0, 1, 4_999, 9_999} {
		births := map[synthetic.Date]bool{}
		for turn := range uint64(128) {
			p := g.Resident(i + turn*10_000)
			require.Equal(t, g.Resident(i).Phone, p.Phone)
			births[p.Birth] = true
		}
		require.Len(t, births, 128)
	}
	phones := map[string]bool{}
	for _, p := range g.Residents(10_000) {
		phones[p.Phone] = true
	}
	require.Len(t, phones, 10_000)
}

func TestResidentsHoldOnlyFictionalAndWellFormedData(t *testing.T) {
	t.Parallel()
	for _, p := range synthetic.New(4).Residents(20_000) {
		require.NotEmpty(t, p.FamilyName)
		require.NotEmpty(t, p.GivenName)
		require.Regexp(t, katakana, p.FamilyKana)
		require.Regexp(t, katakana, p.GivenKana)
		require.Regexp(t, mobile, p.Phone)
		require.True(t, strings.HasSuffix(p.Email, "@example.jp"))
		require.Regexp(t, `番地`, p.Address)
		require.Regexp(t, `[^0-9]9\d{3}番地`, p.Address)
		born := time.Date(p.Birth.Year, time.Month(p.Birth.Month), p.Birth.Day, 0, 0, 0, 0, time.UTC)
		require.Equal(t, p.Birth, synthetic.Date{Year: born.Year(), Month: int(born.Month()), Day: born.Day()})
	}
}

func TestAThirdOfTheResidentsAre65OrOverAndNobodyIsBelow13(t *testing.T) {
	t.Parallel()
	const total = 20_000
	reference := time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC)
	var old int
	for _, p := range synthetic.New(5).Residents(total) {
		born := time.Date(p.Birth.Year, time.Month(p.Birth.Month), p.Birth.Day, 0, 0, 0, 0, time.UTC)
		require.False(t, born.After(reference.AddDate(-13, 0, 0)), "%v", p)
		require.False(t, born.Before(reference.AddDate(-101, 0, 0)), "%v", p)
		if !born.After(reference.AddDate(-65, 0, 0)) {
			old++
		}
	}
	require.InDelta(t, 0.34, float64(old)/total, 0.03)
}

// Standards §10: input is kept as it is, whether CP932 can write it or not; so exports must meet both sorts.
func TestAboutOneResidentInSeventyCannotBeWrittenInCP932(t *testing.T) {
	t.Parallel()
	const total = 20_000
	var lost, rare, latin, wide, selector int
	for _, p := range synthetic.New(6).Residents(total) {
		name := p.FamilyName + p.GivenName
		if !encodable(name) {
			lost++
		}
		if strings.ContainsAny(name, "髙﨑濵") {
			rare++
			require.True(t, encodable(name))
		}
		if name[0] < utf8.RuneSelf {
			latin++
		}
		if strings.Contains(name, "𠮷") {
			wide++
		}
		if strings.Contains(name, "\U000E0100") {
			selector++
		}
		require.True(t, encodable(p.FamilyKana+p.GivenKana+p.Address), "%v", p)
	}
	require.InDelta(t, 0.014, float64(lost)/total, 0.004)
	require.InDelta(t, 0.018, float64(rare)/total, 0.005)
	for _, some := range []int{latin, wide, selector} {
		require.Positive(t, some)
	}
}
