package reporting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
)

// contentVersion stands in the content. A report that says more gets the next number.
const contentVersion = 1

// content is a half-year report as it is frozen. It is hashed in canonical form: names in alphabetical order, no
// spaces, whole numbers, UTF-8.
type content struct {
	Version int           `json:"version"`
	Kind    string        `json:"kind"`
	Day     calendar.Day  `json:"day"`
	From    calendar.Day  `json:"from"`
	LastSeq int64         `json:"last_seq"`
	Kinds   []contentKind `json:"kinds"`
	Funds   []contentFund `json:"funds"`
	Rows    []contentRow  `json:"rows"`
}

type contentKind struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Premium bool   `json:"premium"`
}

type contentFund struct {
	Fund    string       `json:"fund"`
	Name    string       `json:"name"`
	Wallets money.Points `json:"wallets"`
	Claimed money.Points `json:"claimed"`
}

type contentRow struct {
	Fund      string       `json:"fund"`
	Class     string       `json:"class"`
	Kind      string       `json:"kind"`
	Opening   money.Points `json:"opening"`
	Issued    money.Points `json:"issued"`
	Returned  money.Points `json:"returned"`
	Corrected money.Points `json:"corrected"`
	Used      money.Points `json:"used"`
	Lapsed    money.Points `json:"lapsed"`
	Unused    money.Points `json:"unused"`
	Ending    money.Points `json:"ending"`
	Merchants money.Points `json:"merchants"`
	Awaiting  money.Points `json:"awaiting"`
}

// contentOf spells a report in canonical form.
func contentOf(u report.Unused, kinds map[lot.KindCode]Named, lastSeq int64) ([]byte, error) {
	c := content{
		Version: contentVersion, Kind: string(report.UnusedBalance), Day: u.Day, From: u.From, LastSeq: lastSeq,
		Kinds: []contentKind{}, Funds: []contentFund{}, Rows: []contentRow{},
	}
	for _, code := range slices.Sorted(maps.Keys(kinds)) {
		c.Kinds = append(c.Kinds, contentKind{string(code), kinds[code].Name, kinds[code].Premium})
	}
	for _, f := range u.Funds {
		c.Funds = append(c.Funds, contentFund{string(f.Fund), f.Name, f.Wallets, f.Claimed})
	}
	for _, r := range u.Rows {
		c.Rows = append(c.Rows, contentRow{
			string(r.Fund), r.Class.String(), string(r.Kind), r.Opening, r.Issued, r.Returned, r.Corrected, r.Used, r.Lapsed,
			r.Unused, r.Ending, r.Merchants, r.Awaiting,
		})
	}
	return canonical(c)
}

// canonical spells a value with the names of objects in alphabetical order.
func canonical(value any) ([]byte, error) {
	spelled, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(spelled))
	decoder.UseNumber() // else large amounts would pass through a float
	var sorted any
	if err := decoder.Decode(&sorted); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(sorted); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// errContent tells of a frozen report that cannot be read. It is never a person's fault.
var errContent = errors.New("content of a frozen report")

// thaw reads a frozen report.
func thaw(frozen report.Frozen) (Unused, error) {
	var c content
	decoder := json.NewDecoder(bytes.NewReader(frozen.Content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Unused{}, fmt.Errorf("%w of %s: %w", errContent, frozen.Day, err)
	}
	if c.Version != contentVersion || c.Kind != string(report.UnusedBalance) || c.Day != frozen.Day {
		return Unused{}, fmt.Errorf("%w of %s: says %s of %s, version %d", errContent, frozen.Day, c.Kind, c.Day, c.Version)
	}
	u := Unused{Unused: report.Unused{Day: c.Day, From: c.From}, Kinds: map[lot.KindCode]Named{}, Frozen: &frozen}
	for _, k := range c.Kinds {
		u.Kinds[lot.KindCode(k.Code)] = Named{k.Name, k.Premium}
	}
	for _, f := range c.Funds {
		u.Funds = append(u.Funds, report.UnusedFund{Fund: lot.FundCode(f.Fund), Name: f.Name, Wallets: f.Wallets, Claimed: f.Claimed})
	}
	for _, r := range c.Rows {
		class, known := report.ParseClass(r.Class)
		if !known {
			return Unused{}, fmt.Errorf("%w of %s: class %q", errContent, frozen.Day, r.Class)
		}
		u.Rows = append(u.Rows, report.UnusedRow{
			Fund: lot.FundCode(r.Fund), Class: class, Kind: lot.KindCode(r.Kind), Opening: r.Opening, Issued: r.Issued, Returned: r.Returned,
			Corrected: r.Corrected, Used: r.Used, Lapsed: r.Lapsed, Unused: r.Unused, Ending: r.Ending, Merchants: r.Merchants, Awaiting: r.Awaiting,
		})
	}
	return u, nil
}
