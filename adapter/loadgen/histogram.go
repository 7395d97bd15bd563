package loadgen

import (
	"math"
	"math/bits"
	"time"
)

// The buckets of a histogram: 64 to each power of two, so that a bucket's middle is within 1 % of whatever fell into
// it, up to 2^41 ns, some 36 minutes, which is longer than any stretch.
const (
	stepBits    = 6
	steps       = 1 << stepBits
	spanBits    = 41
	bucketCount = (spanBits - stepBits + 1) * steps
)

// histogram counts durations. It has a fixed size and recording allocates nothing.
type histogram struct {
	count       int64
	total       time.Duration
	least, most time.Duration
	buckets     [bucketCount]int64
}

func (h *histogram) record(d time.Duration) {
	d = max(d, 0)
	if h.count == 0 || d < h.least {
		h.least = d
	}
	h.most = max(h.most, d)
	h.count++
	h.total += d
	h.buckets[bucketOf(d)]++
}

func (h *histogram) add(other *histogram) {
	if other.count == 0 {
		return
	}
	if h.count == 0 || other.least < h.least {
		h.least = other.least
	}
	h.most = max(h.most, other.most)
	h.count += other.count
	h.total += other.total
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
}

// quantile is the duration that the share q of all are not above, by the nearest rank; 0 when there are none.
func (h *histogram) quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := min(max(int64(math.Ceil(q*float64(h.count))), 1), h.count)
	if rank == h.count {
		return h.most
	}
	for i, n := range h.buckets {
		if rank -= n; rank <= 0 {
			return min(max(middleOf(i), h.least), h.most)
		}
	}
	return h.most
}

func (h *histogram) mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return h.total / time.Duration(h.count)
}

// bucketOf gives durations below 64 ns a bucket each, and after that takes the leading 7 bits.
func bucketOf(d time.Duration) int {
	n := uint64(d)
	shift := bits.Len64(n) - (stepBits + 1)
	if shift <= 0 {
		return int(n)
	}
	return min(shift*steps+int(n>>shift), bucketCount-1)
}

// middleOf is the middle of a bucket.
func middleOf(bucket int) time.Duration {
	if bucket < 2*steps {
		return time.Duration(bucket)
	}
	shift := bucket/steps - 1
	from := int64(bucket-shift*steps) << shift
	return time.Duration(from + int64(1)<<shift/2)
}
