package loadgen

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantilesAreWithinTwoPercentOfTheExactOnes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func() time.Duration{
		"even":        func() time.Duration { return time.Duration(random.Int64N(int64(50 * time.Millisecond))) },
		"long tail":   func() time.Duration { return time.Duration(1e6 * math.Exp(random.NormFloat64()*1.5)) },
		"two humps":   func() time.Duration { return time.Duration(1+19*random.Int64N(2)) * time.Millisecond },
		"nanoseconds": func() time.Duration { return time.Duration(random.Int64N(300)) },
		"minutes":     func() time.Duration { return time.Duration(random.Int64N(int64(20 * time.Minute))) },
	}
	for name, draw := range shapes {
		h, exact := &histogram{}, make([]time.Duration, 0, 20_001)
		for range cap(exact) {
			d := draw()
			h.record(d)
			exact = append(exact, d)
		}
		slices.Sort(exact)
		for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1} {
			rank := max(int(math.Ceil(q*float64(len(exact)))), 1)
			want := exact[rank-1]
			require.InDelta(t, float64(want), float64(h.quantile(q)), 0.02*float64(want), "%s at %g", name, q)
		}
		require.Equal(t, exact[len(exact)-1], h.quantile(1), name)
		require.Equal(t, exact[len(exact)-1], h.most, name)
	}
}

func TestHistogramsAddUpToTheHistogramOfAll(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var all, sum histogram
	for range 5 {
		var part histogram
		for range 1_000 {
			d := time.Duration(random.Int64N(int64(time.Second)))
			all.record(d)
			part.record(d)
		}
		sum.add(&part)
	}
	sum.add(&histogram{})
	require.Equal(t, all, sum)
	require.Equal(t, all.total/5_000, sum.mean())
}

func TestAnEmptyHistogramAnswersZero(t *testing.T) {
	t.Parallel()
	var h histogram
	require.Zero(t, h.quantile(0.99))
	require.Zero(t, h.mean())
}

func TestEveryDurationFallsIntoABucketThatIsNear(t *testing.T) {
	t.Parallel()
	before := -1
	for shift := 1; shift < spanBits; shift++ {
		for _, d := range []time.Duration{1<<shift - 1, 1 << shift} {
			bucket := bucketOf(d)
			require.GreaterOrEqual(t, bucket, before)
			require.InDelta(t, float64(d), float64(middleOf(bucket)), 0.01*float64(d), "%d", d)
			before = bucket
		}
	}
	require.Equal(t, bucketCount-1, bucketOf(math.MaxInt64))
}
