// Command refdata turns public reference data into what the platform keeps of it: the holidays of Japan as Go source,
// and the list of banks as the CSV file that administrators bring in as well. The data come as npm packages of a
// pinned version and checksum, so that whoever runs it again gets the same bytes.
//
//	go run ./refdata holidays ../domain/calendar/holidays.go
//	go run ./refdata banks FOLDER
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refdata:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 {
		switch args[0] {
		case "holidays":
			return writeHolidays(args[1])
		case "banks":
			return writeBanks(args[1])
		}
	}
	return fmt.Errorf("usage: refdata holidays FILE | refdata banks FOLDER")
}
