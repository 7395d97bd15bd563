package memory_test

import (
	"testing"

	"lovesaijo/domain/reporttest"
	"lovesaijo/usecase/citytest"
)

func TestReportsFulfilTheirContract(t *testing.T) {
	t.Parallel()
	reporttest.Reports(t, func(t *testing.T) *citytest.City { return citytest.OnMemory(t) })
}
