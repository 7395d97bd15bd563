// Command pack turns the list that tools/refdata has fetched into the one that is embedded.
//
//	go run ./adapter/bankmaster/pack FETCHED adapter/bankmaster/data
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lovesaijo/adapter/bankmaster"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pack FETCHED DATA")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// pack takes no list of which a row is bad.
func pack(from, to string) error {
	text, errOrigin := os.ReadFile(filepath.Join(from, "origin.txt"))
	list, errList := os.ReadFile(filepath.Join(from, "banks.csv"))
	licence, errLicence := os.ReadFile(filepath.Join(from, "LICENSE.txt"))
	if err := errors.Join(errOrigin, errList, errLicence); err != nil {
		return err
	}
	origin, err := bankmaster.ReadOrigin(string(text))
	if err != nil {
		return err
	}
	draft, err := bankmaster.Reader{}.Read(origin.AsOf, origin.Source, list)
	if err != nil {
		return err
	}
	for _, row := range draft.Refused {
		return fmt.Errorf("line %d of the list: %s: %w", row.No, row.Source, row.Fault)
	}
	packed, err := draft.Master.Pack()
	if err != nil {
		return err
	}
	origin.SHA256 = draft.Master.SHA256
	for name, content := range map[string][]byte{"banks.gz": packed, "origin.txt": []byte(origin.String()), "LICENSE.txt": licence} {
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			return err
		}
	}
	banks, branches := draft.Master.Counts()
	fmt.Printf("%s: %d banks, %d branches, %d bytes packed\n", origin.AsOf, banks, branches, len(packed))
	return nil
}
