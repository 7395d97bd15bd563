package synthetic

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Date is a day in the civil calendar.
type Date struct{ Year, Month, Day int }

// Person is a made-up resident. Kana is full-width katakana; postal code and phone are digits only.
type Person struct {
	Email      string
	FamilyName string
	GivenName  string
	FamilyKana string
	GivenKana  string
	PostalCode string
	Address    string
	Phone      string
	Birth      Date
}

// Residents returns residents 0 to n-1.
func (g *Generator) Residents(n int) []Person {
	return each(n, g.Resident)
}

// Resident returns resident i. The e-mail address is unique without limit; name, birth and phone together are
// unique for the first 1,280,000 residents (see birth).
func (g *Generator) Resident(i uint64) Person {
	r := g.random(streamResident, i)
	name, years := person(r)
	home := draw(r, towns, town.homes)
	return Person{
		Email:      fmt.Sprintf("resident%06d@example.jp", i+1),
		FamilyName: name.family.name,
		GivenName:  name.given.name,
		FamilyKana: name.family.kana,
		GivenKana:  name.given.kana,
		PostalCode: home.postalCode,
		Address:    address(r, home),
		Phone:      fmt.Sprintf("0900000%04d", g.subscriber(i)),
		Birth:      g.birth(r, i, years),
	}
}

// fullName is a family name and a given name that go together.
type fullName struct{ family, given word }

// foreignPerMille is how many of a thousand residents are foreign.
const foreignPerMille = 18

// person draws a name and an age that fit each other: given names go with a generation, and the foreign
// residents are of working age.
func person(r *rand.Rand) (fullName, int) {
	if r.IntN(1000) < foreignPerMille {
		of := oneOf(r, origins)
		return fullName{oneOf(r, of.families), oneOf(r, of.givens)}, 19 + r.IntN(30)
	}
	band := draw(r, ages, ageBand.share)
	years := band.from + r.IntN(band.to-band.from+1)
	given := givensYoung
	switch {
	case years >= 70:
		given = givensOld
	case years >= 40:
		given = givensMiddle
	}
	return fullName{draw(r, surnames, surname.share).word, oneOf(r, given)}, years
}

// ageBand is a run of ages, both ends included.
type ageBand struct{ from, to, weight int }

func (b ageBand) share() int { return b.weight }

// ages is skewed old as the city is: 34 in 100 are 65 or over. Nobody is below 13, since an account needs mail.
var ages = []ageBand{
	{13, 17, 5},
	{18, 29, 11},
	{30, 39, 12},
	{40, 49, 15},
	{50, 64, 23},
	{65, 74, 17},
	{75, 84, 12},
	{85, 98, 5},
}

const (
	subscribers     = 10_000 // phone numbers of the form 090-0000-xxxx
	birthdayStretch = 128    // days within which those who share a phone number have different birthdays
)

// subscriber is the last four digits of person i's phone. No two in ten thousand neighbours share them: the
// factor has no divisor in common with 10,000.
func (g *Generator) subscriber(i uint64) uint64 {
	return (i%subscribers*7919 + mix(g.seed)%subscribers) % subscribers
}

// birth is the day on which person i was born, who is that many years old, or up to 128 days more, on 1 April 2026.
// There are only 10,000 fictional numbers of the form 090-0000-xxxx, so those ten thousand apart share one; their
// birthdays fall on different days modulo 128, which keeps name, birth and phone unique together.
func (g *Generator) birth(r *rand.Rand, i uint64, years int) Date {
	reference := time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC)
	epoch := time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)
	days := int(reference.Sub(epoch)/(24*time.Hour)) - years*1461/4 - r.IntN(365)
	first := int(g.random(streamBirthday, i%subscribers).Uint64N(birthdayStretch))
	turn := int(i / subscribers % birthdayStretch)
	days = days - days%birthdayStretch - birthdayStretch + (first+turn)%birthdayStretch
	born := epoch.AddDate(0, 0, days)
	return Date{born.Year(), int(born.Month()), born.Day()}
}

// flatsFromWeight is the weight from which a town is built up enough for flats.
const flatsFromWeight = 8

var flats = []string{"コーポひうち", "ハイツ水都", "メゾン・ド・うちぬき", "サンハイツ瀬戸", "グリーンコーポ２号館", "第３みずほ荘"}

// address is a house in a town. The numbers are in the 9000s, where the towns have no houses.
func address(r *rand.Rand, in town) string {
	house := fmt.Sprintf("愛媛県西条市%s%d番地", in.name, 9001+r.IntN(999))
	if r.IntN(3) > 0 {
		house += fmt.Sprint(1 + r.IntN(40))
	}
	if in.weight >= flatsFromWeight && r.IntN(100) < 16 {
		house += fmt.Sprintf(" %s %d%02d号", oneOf(r, flats), 1+r.IntN(4), 1+r.IntN(8))
	}
	return house
}
