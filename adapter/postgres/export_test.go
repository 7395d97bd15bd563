package postgres

// Statements whose plans are tested.
const (
	ReadTills   = readTills
	ReadLine    = readLine
	ReadSources = readSources
)
