package synthetic

// purchaseQuantiles are the ends of equally likely ranges of yen. They follow a log-normal curve with a median of
// 900 yen, as a town's till slips do, and are whole numbers so that every machine computes the same amounts.
var purchaseQuantiles = []int64{
	80, 230, 310, 380, 450, 510, 580, 650, 730, 810, 900, 1000, 1110, 1240, 1390, 1580, 1810, 2130, 2610, 3560, 12000,
}

// Purchase is the amount in yen of purchase i, from 80 to 12,000: small amounts are common, and two in three
// are round tens.
func (g *Generator) Purchase(i uint64) int64 {
	r := g.random(streamPurchase, i)
	at := r.IntN(len(purchaseQuantiles) - 1)
	low, high := purchaseQuantiles[at], purchaseQuantiles[at+1]
	width := high - low
	if at == len(purchaseQuantiles)-2 {
		width = 1 + r.Int64N(width) // the long tail thins out towards its end
	}
	yen := low + r.Int64N(width+1)
	if r.IntN(10) < 6 {
		yen -= yen % 10
	}
	return yen
}
