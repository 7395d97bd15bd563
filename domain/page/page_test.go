package page_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/page"
)

func TestAPageNamesTheNextOneOnlyWhereThereIsMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		read []int
		want page.Of[int]
	}{
		{nil, page.Of[int]{}},
		{[]int{1, 2}, page.Of[int]{Rows: []int{1, 2}}},
		{[]int{1, 2, 3}, page.Of[int]{Rows: []int{1, 2, 3}}},
		{[]int{1, 2, 3, 4}, page.Of[int]{Rows: []int{1, 2, 3}, Next: "3"}},
	} {
		require.Equal(t, c.want, page.Cut(c.read, 3, strconv.Itoa))
	}
}
