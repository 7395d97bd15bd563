// Package synthetic makes up residents and merchants of Saijo for the demo seed, the tests and the benchmarks,
// so that no real person's data is ever needed there (annex A1-3).
//
// Everything is a pure function of a seed and an index: person i of seed s is the same whether ten or a hundred
// thousand are asked for, on every machine and in every run. The package yields plain data and knows no database
// and no use case; a seeder sends the data through the use cases.
//
// The people resemble the city's (surnames common in Ehime, real towns with their postal codes, about a third
// aged 65 or over) and exercise text handling: some names hold 髙, 﨑 or 𠮷, a variation selector or Latin
// letters, and about one resident in seventy cannot be written in CP932. They cannot be taken for anyone real:
// mail goes to example.jp, telephone numbers are ones the numbering plan cannot assign, house numbers are in the
// 9000s, and shops never bear a surname. Any likeness left is chance.
package synthetic

import "math/rand/v2"

// Generator makes the people and shops of one seed. It does not change after New, so any number of goroutines may share it.
type Generator struct {
	seed   uint64
	trades []deck
	cycle  []slot
}

// New returns the generator of a seed.
func New(seed uint64) *Generator {
	g := &Generator{seed: seed}
	g.trades, g.cycle = g.arrange()
	return g
}

// The streams keep apart the random numbers of things that share a seed and an index.
const (
	streamResident uint64 = iota + 1
	streamBirthday
	streamShop
	streamOwner
	streamArrangement
	streamPurchase
)

// random is the source of one thing. PCG does not mix what it is given, and neighbouring indices would start
// nearly alike, so both halves of its state go through a mixer first.
func (g *Generator) random(stream, index uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(g.seed+stream*0x9e3779b97f4a7c15), mix(index+stream)))
}

// mix is the finaliser of SplitMix64: a bijection in which every input bit moves every output bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// draw takes a row of a table, each as often as its share says.
func draw[T any](r *rand.Rand, table []T, share func(T) int) T {
	var total int
	for _, row := range table {
		total += share(row)
	}
	at := r.IntN(total)
	for _, row := range table {
		at -= share(row)
		if at < 0 {
			return row
		}
	}
	return table[len(table)-1]
}

func oneOf[T any](r *rand.Rand, table []T) T {
	return table[r.IntN(len(table))]
}

// each makes the first n things; a negative n makes none.
func each[T any](n int, thing func(i uint64) T) []T {
	all := make([]T, 0, max(n, 0))
	for i := range max(n, 0) {
		all = append(all, thing(uint64(i)))
	}
	return all
}
