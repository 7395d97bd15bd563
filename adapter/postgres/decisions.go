package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

// Decisions is settlement.Decisions on a session.
type Decisions struct{ session *Session }

// Decisions gives the session's settings of settlement.
func (s *Session) Decisions() *Decisions { return &Decisions{s} }

var _ settlement.Decisions = (*Decisions)(nil)

// errNoVault tells that this process was not given the keys to what is sealed.
var errNoVault = errors.New("the originator of transfers is sealed, and there is no vault")

const (
	readDecisions = `SELECT version, settings, sealed, decided_by, decided_at, reason FROM settlement_settings ORDER BY version DESC LIMIT $1`
	addDecision   = `INSERT INTO settlement_settings (version, settings, sealed, decided_by, decided_at, reason) VALUES ($1, $2, $3, $4, $5, $6)`
	// Whoever decides queues here; the table itself takes no updates, so its lock is the one to hold.
	lockDecisions = `LOCK TABLE settlement_settings IN SHARE ROW EXCLUSIVE MODE`
	decisionsMax  = 200

	purposeOriginator = "settlement.originator"
)

// decision is the part of the settings that stands in a JSON column.
type decision struct {
	Cycle         string         `json:"cycle"`
	AutoClose     bool           `json:"auto_close"`
	Bearer        string         `json:"bearer"`
	Fees          []decidedFee   `json:"fees,omitempty"`
	OffsetTills   bool           `json:"offset_tills"`
	BankDays      int            `json:"bank_days"`
	ExtraHolidays []calendar.Day `json:"extra_holidays,omitempty"`
	Profile       decidedProfile `json:"profile"`
}

type decidedFee struct {
	SameBank bool      `json:"same_bank"`
	From     money.Yen `json:"from"`
	Fee      money.Yen `json:"fee"`
}

type decidedProfile struct {
	Wo              bool   `json:"wo"`
	NameSymbols     string `json:"name_symbols"`
	ReferenceSymbol string `json:"reference_symbols"`
	CRLF            bool   `json:"crlf"`
	ClearingBlank   bool   `json:"clearing_blank"`
	TransferClass   string `json:"transfer_class"`
	EDI             bool   `json:"edi"`
	BankNames       bool   `json:"bank_names"`
	RecordsMax      int    `json:"records_max"`
	DaysAheadMax    int    `json:"days_ahead_max"`
	BusinessDaysMin int    `json:"business_days_min"`
}

// originator is what is sealed. An account would marshal itself masked, so its fields are named.
type originator struct {
	Code       string           `json:"code"`
	Name       bank.Kana        `json:"name"`
	Bank       bank.Code        `json:"bank"`
	Branch     bank.BranchCode  `json:"branch"`
	Type       bank.AccountType `json:"type"`
	Number     string           `json:"number"`
	Holder     bank.Kana        `json:"holder"`
	BankName   bank.Kana        `json:"bank_name"`
	BranchName bank.Kana        `json:"branch_name"`
}

// Settings is settlement.Decisions'.
func (d *Decisions) Settings(ctx context.Context) (settlement.Settings, error) {
	d.session.write(lockDecisions)
	versions, err := readMany(ctx, d.session, d.session.db.scanDecision, readDecisions, 1)
	return newestSettings(versions, err)
}

// Amend is settlement.Decisions'.
func (d *Decisions) Amend(ctx context.Context, settings settlement.Settings, by user.ID, at time.Time, reason string) error {
	newest, err := d.Settings(ctx)
	if err != nil {
		return err
	}
	if newest.Version != settings.Version {
		return settlement.ErrSettingsChanged
	}
	text, sealed, err := d.session.db.encodeSettings(settings)
	if err != nil {
		return fmt.Errorf("encode settings of settlement: %w", err)
	}
	d.session.write(addDecision, settings.Version+1, text, sealed, nullable(by), at, reason)
	return nil
}

// Settings is settlement.Reader's.
func (db *DB) Settings(ctx context.Context) (settlement.Settings, error) {
	versions, err := queryMany(ctx, db, db.scanDecision, readDecisions, 1)
	return newestSettings(versions, err)
}

// SettingsVersions is settlement.Reader's.
func (db *DB) SettingsVersions(ctx context.Context) ([]settlement.SettingsVersion, error) {
	versions, err := queryMany(ctx, db, db.scanDecision, readDecisions, decisionsMax)
	if err != nil {
		return nil, fmt.Errorf("read settings of settlement: %w", err)
	}
	return versions, nil
}

// newestSettings gives the first version. Where nothing was decided yet the defaults are in force, as version 0.
func newestSettings(versions []settlement.SettingsVersion, err error) (settlement.Settings, error) {
	switch {
	case err != nil:
		return settlement.Settings{}, fmt.Errorf("read settings of settlement: %w", err)
	case len(versions) == 0:
		return settlement.DefaultSettings(), nil
	}
	return versions[0].Settings, nil
}

func (db *DB) encodeSettings(s settlement.Settings) (text, sealed []byte, err error) {
	d := decision{
		Cycle: s.Cycle.String(), AutoClose: s.AutoClose, Bearer: s.Bearer.String(), OffsetTills: s.OffsetTills, BankDays: s.BankDays,
		ExtraHolidays: s.ExtraHolidays, Profile: decidedProfile(s.Profile),
	}
	for _, fee := range s.Fees {
		d.Fees = append(d.Fees, decidedFee(fee))
	}
	if text, err = json.Marshal(d); err != nil || s.Originator == (bank.Originator{}) {
		return text, nil, err
	}
	if db.vault == nil {
		return nil, nil, errNoVault
	}
	o := s.Originator
	plain, err := json.Marshal(originator{
		Code: o.Code, Name: o.Name, BankName: o.BankName, BranchName: o.BranchName,
		Bank: o.Account.Bank, Branch: o.Account.Branch, Type: o.Account.Type, Number: o.Account.Number, Holder: o.Account.Holder,
	})
	if err != nil {
		return nil, nil, err
	}
	sealed, err = db.vault.Seal(purposeOriginator, plain)
	return text, sealed, err
}

func (db *DB) scanDecision(row pgx.CollectableRow) (settlement.SettingsVersion, error) {
	var v settlement.SettingsVersion
	var text, sealed []byte
	var by pgtype.UUID
	if err := row.Scan(&v.Version, &text, &sealed, &by, &v.At, &v.Reason); err != nil {
		return v, err
	}
	v.By, v.At = by.Bytes, v.At.UTC()
	var d decision
	if err := json.Unmarshal(text, &d); err != nil {
		return v, fmt.Errorf("decode version %d: %w", v.Version, err)
	}
	v.Cycle, _ = settlement.ParseCycle(d.Cycle)
	v.Bearer, _ = settlement.ParseBearer(d.Bearer)
	v.AutoClose, v.OffsetTills, v.BankDays, v.ExtraHolidays, v.Profile = d.AutoClose, d.OffsetTills, d.BankDays, d.ExtraHolidays, bank.Profile(d.Profile)
	for _, fee := range d.Fees {
		v.Fees = append(v.Fees, settlement.Fee(fee))
	}
	if len(sealed) == 0 {
		return v, nil
	}
	var err error
	v.Originator, err = db.unsealOriginator(sealed)
	if err != nil {
		return v, fmt.Errorf("originator of version %d: %w", v.Version, err)
	}
	return v, nil
}

func (db *DB) unsealOriginator(sealed []byte) (bank.Originator, error) {
	if db.vault == nil {
		return bank.Originator{}, errNoVault
	}
	plain, err := db.vault.Unseal(purposeOriginator, sealed)
	if err != nil {
		return bank.Originator{}, err
	}
	var o originator
	if err := json.Unmarshal(plain, &o); err != nil {
		return bank.Originator{}, err
	}
	return bank.Originator{
		Code: o.Code, Name: o.Name, BankName: o.BankName, BranchName: o.BranchName,
		Account: bank.Account{Bank: o.Bank, Branch: o.Branch, Type: o.Type, Number: o.Number, Holder: o.Holder},
	}, nil
}
