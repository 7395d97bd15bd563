package granting

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// fieldsMax bounds how many bad rows a refusal names.
const fieldsMax = 100

// ErrRecipients refuses a bulk grant that has neither list nor search, or both.
var ErrRecipients = fault.Define(fault.Invalid, "recipients_missing", "給付する相手を、一覧、CSV、検索条件のどれか一つで指定してください。")

// BatchCommand asks for a grant to many: to the lines of a list, or to whoever a search finds, with one amount.
type BatchCommand struct {
	Key    idem.Key // not of a preview
	List   []ListRow
	Search *user.Filter
	Amount money.Points // of each who is found
	Terms
}

// BatchResult is a batch as it was made.
type BatchResult struct {
	fund.Batch
	Replayed    bool       // made by an earlier request with the same key
	RefusedRows []fund.Row // refused at once; whoever makes the batch gets them back
}

// Bulk makes bulk grants, runs them, and shows how they go.
type Bulk struct {
	office  auditing.Office[Stores]
	roster  user.Roster
	rules   ledger.RulesReader
	batches fund.BatchReader
}

// NewBulk makes the activity.
func NewBulk(unit usecase.Unit[Stores], roster user.Roster, rules ledger.RulesReader, batches fund.BatchReader, clock usecase.Clock) *Bulk {
	return &Bulk{auditing.Office[Stores]{Unit: unit, Clock: clock}, roster, rules, batches}
}

// Create makes a batch once per key, reserves the sum of its good rows and asks a worker to run it. It is refused as a
// whole when the fund is short, when no row is good, or when there are more than Rules.BatchRowsMax.
func (b *Bulk) Create(ctx context.Context, actor access.Actor, cmd BatchCommand) (BatchResult, error) {
	act := audit.Act{Action: ActBatch, After: map[string]string{"fund": string(cmd.Fund), "kind": string(cmd.Kind), "memo": cmd.Memo}}
	if err := auditing.Allow(ctx, b.office, actor, access.Grant, act); err != nil {
		return BatchResult{}, err
	}
	// What can be asked for no more may have been made before: the key decides first.
	rows, wrong := b.rows(ctx, cmd)
	if _, refused := fault.Of(wrong); wrong != nil && !refused {
		return BatchResult{}, wrong
	}
	result, err := auditing.Do(ctx, b.office, actor, access.Grant, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (BatchResult, error) {
		result, err := cmd.create(ctx, s, now, actor, rows, wrong)
		if err != nil {
			return BatchResult{}, err
		}
		act.Target = result.ID.String()
		if result.Replayed {
			act.Outcome = auditing.Replayed
			return result, nil
		}
		act.After["rows"], act.After["total"] = strconv.Itoa(result.Rows), strconv.FormatInt(int64(result.Total), 10)
		return result, nil
	})
	if err != nil || !result.Replayed {
		return result, err
	}
	return b.replay(ctx, result.ID)
}

func (cmd BatchCommand) create(ctx context.Context, s Stores, now time.Time, actor access.Actor, rows []fund.Row, wrong error) (BatchResult, error) {
	if err := cmd.Key.Valid(); err != nil {
		return BatchResult{}, err
	}
	id := ledger.BatchID(ident.New[fund.Batch](now))
	claim, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, cmd.hash()
	move := ledger.CashMove{Actor: actor.User, Fund: cmd.Fund, Batch: id, Memo: cmd.Memo}
	book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: move.TreasuryPots(ledger.Reserve), Claims: []idem.Claim{claim}})
	if err != nil {
		return BatchResult{}, fmt.Errorf("open book of batch %s: %w", id, err)
	}
	if result, before, err := book.Replay(claim, hash); before || err != nil {
		return BatchResult{Batch: fund.Batch{ID: result}, Replayed: true}, err
	}
	if wrong != nil {
		return BatchResult{}, wrong
	}
	good, total, err := tally(rows)
	if err != nil {
		return BatchResult{}, err
	}
	if err := cmd.ready(ctx, s.Treasury); err != nil {
		return BatchResult{}, err
	}
	expires, err := cmd.lastDay(book)
	if err != nil {
		return BatchResult{}, err
	}
	move.Amount = total
	if _, err := book.Reserve(move); err != nil {
		return BatchResult{}, err
	}
	book.Keep(claim, hash, id)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return BatchResult{}, fmt.Errorf("append reserve of batch %s: %w", id, err)
	}
	bad := len(rows) - good
	batch := fund.Batch{
		ID: id, Fund: cmd.Fund, Kind: cmd.Kind, Expires: expires, Memo: cmd.Memo, State: fund.Running,
		Rows: len(rows), Total: total, Done: bad, Refused: bad, CreatedBy: actor.User, CreatedAt: now,
	}
	if err := s.Batches.Add(ctx, batch, rows); err != nil {
		return BatchResult{}, fmt.Errorf("add batch %s: %w", id, err)
	}
	return BatchResult{Batch: batch, RefusedRows: lo.Filter(rows, isRefused)}, s.Outbox.Append(ctx, now, fund.BatchOpened{Batch: id})
}

// replay reads a batch as it was made: rows that were refused at once lead to no wallet.
func (b *Bulk) replay(ctx context.Context, id ledger.BatchID) (BatchResult, error) {
	batch, err := b.batches.Batch(ctx, id)
	if err != nil {
		return BatchResult{}, err
	}
	result := BatchResult{Batch: batch, Replayed: true}
	for after := 0; ; {
		rows, err := b.batches.Refusals(ctx, id, after, refusalsMax)
		if err != nil {
			return BatchResult{}, err
		}
		for _, row := range rows {
			if row.Wallet.IsZero() {
				result.RefusedRows = append(result.RefusedRows, row)
			}
		}
		if len(rows) < refusalsMax {
			return result, nil
		}
		after = rows[len(rows)-1].No
	}
}

// Forecast is what a batch would do.
type Forecast struct {
	Estimate
	RefusedRows []fund.Row // would be handed back
}

// Preview shows what a batch would do, without making it. A fund that falls short is told as such, not refused.
func (b *Bulk) Preview(ctx context.Context, actor access.Actor, cmd BatchCommand) (Forecast, error) {
	if err := access.Allow(actor, access.Grant); err != nil {
		return Forecast{}, err
	}
	rows, err := b.rows(ctx, cmd)
	if err != nil {
		return Forecast{}, err
	}
	good, total, err := tally(rows)
	if err != nil {
		return Forecast{}, err
	}
	return usecase.Do(ctx, b.office.Unit, func(ctx context.Context, s Stores) (Forecast, error) {
		book, err := s.Ledger.Peek(ctx, b.office.Clock(), ledger.Want{Pots: []ledger.Pot{unissuedOf(cmd.Fund)}})
		if err != nil {
			return Forecast{}, fmt.Errorf("peek at fund %s: %w", cmd.Fund, err)
		}
		estimate, err := cmd.estimate(ctx, s.Treasury, book, good, total)
		return Forecast{estimate, lo.Filter(rows, isRefused)}, err
	})
}

// refusalsMax bounds one reading of refused rows.
const refusalsMax = 1_000

// Batch shows how far a batch is.
func (b *Bulk) Batch(ctx context.Context, actor access.Actor, id ledger.BatchID) (fund.Batch, error) {
	if err := access.Allow(actor, access.Grant); err != nil {
		return fund.Batch{}, err
	}
	return b.batches.Batch(ctx, id)
}

// Batches shows all batches, newest first.
func (b *Bulk) Batches(ctx context.Context, actor access.Actor, after string, limit int) (page.Of[fund.Batch], error) {
	if err := access.Allow(actor, access.Grant); err != nil {
		return page.Of[fund.Batch]{}, err
	}
	if limit < 1 || limit > page.LimitMax {
		return page.Of[fund.Batch]{}, page.ErrLimit
	}
	return b.batches.Batches(ctx, after, limit)
}

// Refusals gives the next rows of a batch that were refused, after the given number; none are left when it gives
// none. Row.Reason says why, and Row.Source is the row as it was handed in.
func (b *Bulk) Refusals(ctx context.Context, actor access.Actor, id ledger.BatchID, after int) ([]fund.Row, error) {
	if err := access.Allow(actor, access.Grant); err != nil {
		return nil, err
	}
	if _, err := b.batches.Batch(ctx, id); err != nil {
		return nil, err
	}
	return b.batches.Refusals(ctx, id, after, refusalsMax)
}

// tally counts the good rows and sums their amounts. It refuses a batch without any, naming what is wrong with each.
func tally(rows []fund.Row) (good int, total money.Points, err error) {
	for _, row := range rows {
		if row.State == fund.Waiting {
			good++
			total += row.Amount
		}
	}
	if good > 0 {
		return good, total, nil
	}
	refusal := *fund.ErrBatchEmpty
	for _, row := range rows[:min(len(rows), fieldsMax)] {
		refusal.Fields = append(refusal.Fields, fault.Field{Path: "rows[" + strconv.Itoa(row.No) + "]", Code: row.Fault, Message: row.Reason()})
	}
	return 0, 0, &refusal
}

func isRefused(row fund.Row, _ int) bool { return row.State == fund.Refused }

func (cmd BatchCommand) hash() idem.Hash {
	parts := []string{
		"batch", string(cmd.Fund), string(cmd.Kind), strconv.Itoa(int(cmd.Expires)), cmd.Memo, strconv.FormatInt(int64(cmd.Amount), 10),
	}
	if f := cmd.Search; f != nil {
		parts = append(parts, "search", f.Role.String(), f.Text, strconv.FormatBool(f.ByBirth), strconv.Itoa(int(f.BornFrom)), strconv.Itoa(int(f.BornUntil)), f.PostalCode)
	}
	for _, line := range cmd.List {
		parts = append(parts, strconv.Itoa(line.No), line.Email, line.Amount)
	}
	return idem.HashOf(parts...)
}
