package postgres

// Statements whose plans are tested.
const (
	ReadTills   = readTills
	ReadLine    = readLine
	ReadSources = readSources

	SumAdjusted = sumAdjusted

	ReadLastBefore     = readLastBefore
	SumClaimedSince    = sumClaimedSince
	ReadStatementLines = readStatementLines
	ReadPeriodOf       = readPeriodOf
	TallyPeriod        = tallyPeriod
)
