package synthetic

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Shop is a made-up merchant. The owner's name is family name, space, given name; kana is full-width katakana;
// postal code and phone are digits only.
type Shop struct {
	Email      string
	Name       string
	Kana       string
	Category   string
	PostalCode string
	Address    string
	Phone      string
	OwnerName  string
	OwnerKana  string
}

// deck is all names of one trade (each style with each stem) in the order in which shops take them.
type deck []word

// slot is a place in the cycle of trades: the trade, how many places of it come before, and how many it has.
type slot struct{ trade, before, of int }

// arrange shuffles the names within each trade and the trades within a cycle, so that shop i can find its
// name without knowing the others: the cycle says which trade it is and which of that trade's names is its own.
func (g *Generator) arrange() ([]deck, []slot) {
	r := g.random(streamArrangement, 0)
	decks := make([]deck, len(trades))
	var cycle []slot
	for t, of := range trades {
		for _, style := range of.styles {
			for _, stem := range stems {
				decks[t] = append(decks[t], word{
					name: strings.Replace(style.name, "%", stem.name, 1),
					kana: strings.Replace(style.kana, "%", stem.kana, 1),
				})
			}
		}
		r.Shuffle(len(decks[t]), func(i, j int) { decks[t][i], decks[t][j] = decks[t][j], decks[t][i] })
		for n := range of.weight {
			cycle = append(cycle, slot{trade: t, before: n, of: of.weight})
		}
	}
	r.Shuffle(len(cycle), func(i, j int) { cycle[i], cycle[j] = cycle[j], cycle[i] })
	return decks, cycle
}

// Shops returns shops 0 to n-1.
func (g *Generator) Shops(n int) []Shop {
	return each(n, g.Shop)
}

// Shop returns shop i. Its e-mail address and its name are unique without limit, its phone among 10,000 neighbours.
func (g *Generator) Shop(i uint64) Shop {
	r := g.random(streamShop, i)
	name, category := g.sign(i)
	keeper := owner(g.random(streamOwner, i))
	place := draw(r, towns, town.trade)
	return Shop{
		Email:      fmt.Sprintf("shop%04d@example.jp", i+1),
		Name:       name.name,
		Kana:       name.kana,
		Category:   category,
		PostalCode: place.postalCode,
		Address:    premises(r, place),
		Phone:      fmt.Sprintf("%s00%04d", areaCode(place), g.subscriber(i)),
		OwnerName:  keeper.family.name + " " + keeper.given.name,
		OwnerKana:  keeper.family.kana + " " + keeper.given.kana,
	}
}

// sign is the name over shop i's door and its trade. When a trade's names have all been taken once, branches of
// them follow: 東店, 西店 … 東東店 and so on.
func (g *Generator) sign(i uint64) (word, string) {
	length := uint64(len(g.cycle))
	at := g.cycle[i%length]
	nth := i/length*uint64(at.of) + uint64(at.before)
	names := g.trades[at.trade]
	name := names[nth%uint64(len(names))]
	if branch := quarter(nth / uint64(len(names))); branch.name != "" {
		name = word{name.name + " " + branch.name + "店", name.kana + branch.kana + "テン"}
	}
	return name, trades[at.trade].category
}

// quarter writes a number in quarters as digits, without a zero, so that no two numbers look alike; 0 is empty.
func quarter(n uint64) word {
	var w word
	for base := uint64(len(quarters)); n > 0; n = (n - 1) / base {
		digit := quarters[(n-1)%base]
		w = word{digit.name + w.name, digit.kana + w.kana}
	}
	return w
}

// owner draws the name of somebody of full age and a Japanese surname.
func owner(r *rand.Rand) fullName {
	given := oneOf(r, [][]word{givensOld, givensMiddle, givensMiddle})
	return fullName{draw(r, surnames, surname.share).word, oneOf(r, given)}
}

// premises is a house that a shop stands in; as at home, the towns have no such numbers.
func premises(r *rand.Rand, in town) string {
	return fmt.Sprintf("愛媛県西条市%s%d番地%d", in.name, 9001+r.IntN(999), 1+r.IntN(40))
}

// areaCode is that of the town: 0897 in the old city of Saijo, 0898 in Toyo, Komatsu and Tanbara. After it comes 00,
// with which no exchange begins, so the number cannot be assigned to anybody.
func areaCode(of town) string {
	if strings.HasPrefix(of.postalCode, "793") {
		return "0897"
	}
	return "0898"
}
