package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

var bankPackage = packed{
	"zengin-code", "1.0.0-p20260824", "sha512-3XfsYaI3gEw1h9OEKmaeYh0rNJCPDKfRxGZJqlpaTNhriiOJC0CCsvjMgpGXRH4YI1r3iBUc8SG4fXzlhZHiAw==",
}

// bankOrigin is the day of the list and its source, as they are shown to administrators.
const bankOrigin = "2026-08-24\nzengin-code 1.0.0-p20260824 (npm), MIT License, Copyright (c) 2015 Sho Kusano\n"

// place is a bank or a branch in the package.
type place struct {
	Code, Name, Kana string
	Branches         map[string]place
}

// writeBanks leaves in the folder the list as administrators hand it in, its origin, and the licence under which it was
// taken.
func writeBanks(folder string) error {
	const data, licence = "package/lib/zengin-data.js", "package/LICENSE.txt"
	files, err := bankPackage.files(data, licence)
	if err != nil {
		return err
	}
	banks, err := readBanks(files[data])
	if err != nil {
		return err
	}
	list, err := sayBanks(banks)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"banks.csv": list, "origin.txt": []byte(bankOrigin), "LICENSE.txt": files[licence]} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readBanks takes the JSON out of `module.exports = {...};`.
func readBanks(script []byte) (map[string]place, error) {
	start, end := bytes.IndexByte(script, '{'), bytes.LastIndexByte(script, '}')
	if start < 0 || end < start {
		return nil, fmt.Errorf("banks: no data in the script")
	}
	var banks map[string]place
	if err := json.Unmarshal(script[start:end+1], &banks); err != nil {
		return nil, fmt.Errorf("banks: %w", err)
	}
	return banks, nil
}

func sayBanks(banks map[string]place) ([]byte, error) {
	var b bytes.Buffer
	rows := csv.NewWriter(&b)
	_ = rows.Write([]string{"金融機関コード", "支店コード", "金融機関名", "金融機関名カナ", "支店名", "支店名カナ"})
	for _, code := range slices.Sorted(maps.Keys(banks)) {
		bank := banks[code]
		for _, number := range slices.Sorted(maps.Keys(bank.Branches)) {
			branch := bank.Branches[number]
			if bank.Code != code || branch.Code != number {
				return nil, fmt.Errorf("bank %s branch %s call themselves %s, %s", code, number, bank.Code, branch.Code)
			}
			_ = rows.Write([]string{code, number, bank.Name, bank.Kana, branch.Name, branch.Kana})
		}
	}
	rows.Flush()
	return b.Bytes(), rows.Error()
}
