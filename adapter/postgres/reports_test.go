package postgres_test

import (
	"testing"

	"lovesaijo/domain/reporttest"
	"lovesaijo/usecase/citytest"
)

func TestReportsKeepTheirContract(t *testing.T) {
	t.Parallel()
	reporttest.Reports(t, func(t *testing.T) *citytest.City { return openCity(t, open(t)) })
}
