package settling

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
)

// exportClaims bounds the claims that an export looks at; how many go into one file is for the bank's profile to say.
const exportClaims = 100_000

// ExportCommand asks for a file of all claims that can be paid.
type ExportCommand struct {
	Key     idem.Key          // not of a preview
	Format  string            // empty takes settlement.FormatZengin
	Date    calendar.Day      // on which the bank is to pay; zero takes the usual one
	Former  settlement.FileID // the file that this one takes the place of; zero for none
	NotSent bool              // whoever asks states that the bank has not had the former file, though somebody downloaded it
}

// LeftOut is a claim that could not go into a file, and why. It holds up no other.
type LeftOut struct {
	Claim settlement.Claim
	Fault *fault.Fault
}

// Exported is what came of an export.
type Exported struct {
	settlement.File
	Replayed  bool             // made by an earlier request with the same key; then nothing else is told
	LeftOut   []LeftOut        // by number of the claim
	Warnings  []bank.Violation // to be looked at before the file goes to the bank
	Remaining int              // claims beyond what one file takes; the next export takes them
}

// maker makes one file inside a unit.
type maker struct {
	Stores
	cmd      ExportCommand
	actor    access.Actor
	now      time.Time
	format   settlement.Format
	vault    settlement.Vault
	master   *bank.Master
	until    map[settlement.PeriodID]calendar.Day // the last day of each period
	settings settlement.Settings

	file    bank.TransferFile
	claims  []settlement.Claim // those in the file, by record
	payouts []settlement.Payout
	out     Exported
}

// run makes the file and keeps it with its payouts.
func (m *maker) run(ctx context.Context) (Exported, error) {
	if err := m.Claims.LockExports(ctx); err != nil {
		return Exported{}, fmt.Errorf("lock exports: %w", err)
	}
	book, id, err := m.open(ctx)
	if err != nil || m.out.Replayed {
		m.out.ID = id
		return m.out, err
	}
	if m.settings, err = m.Decisions.Settings(ctx); err != nil {
		return Exported{}, fmt.Errorf("lock settings of settlement: %w", err)
	}
	if !m.settings.HasOriginator() {
		return Exported{}, settlement.ErrNoOriginator
	}
	if !m.cmd.Former.IsZero() {
		if err := m.void(ctx); err != nil {
			return Exported{}, err
		}
	}
	m.file = bank.TransferFile{Originator: m.settings.Originator}
	if m.file.Date, err = m.date(); err != nil {
		return Exported{}, err
	}
	if err := m.gather(ctx); err != nil {
		return Exported{}, err
	}
	content, err := m.spell()
	if err != nil {
		return Exported{}, err
	}
	if err := m.keep(ctx, id, content); err != nil {
		return Exported{}, err
	}
	if book != nil {
		if err := m.Ledger.Append(ctx, book); err != nil {
			return Exported{}, fmt.Errorf("keep key of file %s: %w", id, err)
		}
	}
	return m.out, nil
}

// open finds out whether the key was used before; a preview has none, and so no book.
func (m *maker) open(ctx context.Context) (*ledger.Book, settlement.FileID, error) {
	id := ident.New[settlement.File](m.now)
	if m.cmd.Key == "" {
		return nil, id, nil
	}
	key := idem.Claim{Actor: m.actor.User, Key: m.cmd.Key}
	hash := idem.HashOf("export", m.format.Name(), m.cmd.Date.String(), m.cmd.Former.String(), strconv.FormatBool(m.cmd.NotSent))
	book, err := m.Ledger.Open(ctx, m.now, ledger.Want{Claims: []idem.Claim{key}})
	if err != nil {
		return nil, id, fmt.Errorf("open book of export: %w", err)
	}
	result, before, err := book.Replay(key, hash)
	if before || err != nil {
		m.out.Replayed = before
		return nil, result, err
	}
	book.Keep(key, hash, id)
	return book, id, nil
}

// void takes the former file back. Its claims can be exported again at once.
func (m *maker) void(ctx context.Context) error {
	former, err := m.Claims.LockFile(ctx, m.cmd.Former)
	if err != nil {
		return err
	}
	if err := former.Void(m.cmd.NotSent); err != nil {
		return err
	}
	payouts, err := m.Claims.PayoutsOf(ctx, former.ID, 0, exportClaims)
	if err != nil {
		return fmt.Errorf("payouts of file %s: %w", former.ID, err)
	}
	claims, err := m.Claims.LockClaims(ctx, claimsOf(payouts))
	if err != nil {
		return fmt.Errorf("lock claims of file %s: %w", former.ID, err)
	}
	again := map[settlement.ClaimID]bool{}
	for i := range payouts {
		if payouts[i].Void() != nil {
			return settlement.ErrFileState // the bank has paid some of it, or sent it back
		}
		again[payouts[i].Claim] = payouts[i].Attempt > 1
	}
	for i := range claims {
		if err := claims[i].Become(lo.Ternary(again[claims[i].ID], settlement.Corrected, settlement.Approved)); err != nil {
			return fmt.Errorf("claim %s: %w", claims[i].ID, err)
		}
	}
	if err := m.Claims.SavePayouts(ctx, payouts); err != nil {
		return fmt.Errorf("void payouts of file %s: %w", former.ID, err)
	}
	if err := m.Claims.SaveClaims(ctx, claims); err != nil {
		return fmt.Errorf("free claims of file %s: %w", former.ID, err)
	}
	return m.Claims.SaveFile(ctx, former)
}

func claimsOf(payouts []settlement.Payout) []settlement.ClaimID {
	return lo.Map(payouts, func(p settlement.Payout, _ int) settlement.ClaimID { return p.Claim })
}

// date gives the day that was asked for, or so many bank days after the latest closed period as the settings say, but
// not before the bank takes it.
func (m *maker) date() (calendar.Day, error) {
	if m.cmd.Date != 0 {
		return m.cmd.Date, nil
	}
	closures, today := m.settings.Closures(), calendar.DayOf(m.now)
	earliest, _ := m.settings.Profile.Earliest(closures.BankOpen, today)
	var last calendar.Day
	for _, until := range m.until {
		last = max(last, until)
	}
	usual, err := closures.AddBankDays(last, m.settings.BankDays)
	if err != nil && earliest == 0 {
		return 0, err
	}
	return max(usual, earliest), nil
}

// keep stores the file sealed, its payouts, and what its claims have become.
func (m *maker) keep(ctx context.Context, id settlement.FileID, content []byte) error {
	no, err := m.Claims.NextFileNo(ctx, m.file.Date)
	if err != nil {
		return fmt.Errorf("number of the next file of %s: %w", m.file.Date, err)
	}
	file := settlement.File{
		ID: id, No: no, Name: fileName(m.file.Date, no, m.format), Format: m.format.Name(), Date: m.file.Date, Count: len(m.payouts),
		Total: m.file.Total(), SHA256: sha256.Sum256(content), State: settlement.FileMade, Replaces: m.cmd.Former,
		MadeBy: m.actor.User, MadeAt: m.now, Version: 1,
	}
	if file.Sealed, err = m.vault.Seal(purposeFile+id.String(), content); err != nil {
		return fmt.Errorf("seal file %s: %w", id, err)
	}
	for i := range m.payouts {
		m.payouts[i].File, m.payouts[i].Record = id, i+1
		if err := m.claims[i].Become(settlement.Exported); err != nil {
			return fmt.Errorf("claim %s: %w", m.claims[i].ID, err)
		}
	}
	if err := m.Claims.AddFile(ctx, file); err != nil {
		return fmt.Errorf("add file %s: %w", id, err)
	}
	if err := m.Claims.AddPayouts(ctx, m.payouts); err != nil {
		return fmt.Errorf("add %d payouts: %w", len(m.payouts), err)
	}
	if err := m.Claims.SaveClaims(ctx, m.claims); err != nil {
		return fmt.Errorf("save %d claims: %w", len(m.claims), err)
	}
	m.out.File = file
	slices.SortFunc(m.out.LeftOut, func(a, b LeftOut) int { return cmp.Compare(a.Claim.No, b.Claim.No) })
	return nil
}

// fileName gives the file's name: LSP_SOFURI_20261207_01.txt.
func fileName(date calendar.Day, no int, format settlement.Format) string {
	return fmt.Sprintf("LSP_SOFURI_%s_%02d.%s", strings.ReplaceAll(date.String(), "-", ""), no, format.Extension())
}
