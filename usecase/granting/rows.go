package granting

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/user"
)

// sourceRunesMax bounds what is kept of a row as it was handed in.
const sourceRunesMax = 500

// rows turns what the command asks for into the rows of a batch, good and bad.
func (b *Bulk) rows(ctx context.Context, cmd BatchCommand) ([]fund.Row, error) {
	rules, err := b.rules.Rules(ctx)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	switch {
	case (cmd.Search == nil) == (len(cmd.List) == 0):
		return nil, ErrRecipients
	case cmd.Search != nil:
		return b.found(ctx, cmd, rules.BatchRowsMax)
	case len(cmd.List) > rules.BatchRowsMax:
		return nil, fund.ErrBatchTooLong.With("limit", int64(rules.BatchRowsMax))
	}
	return b.listed(ctx, cmd.List)
}

// found makes a row for everyone whom the search finds.
func (b *Bulk) found(ctx context.Context, cmd BatchCommand, rowsMax int) ([]fund.Row, error) {
	if err := cmd.Amount.Valid(); err != nil {
		return nil, err
	}
	if err := cmd.Search.Valid(); err != nil {
		return nil, err
	}
	var rows []fund.Row
	for after := (user.ID{}); ; {
		recipients, err := b.roster.Matching(ctx, *cmd.Search, after, user.RecipientsMax)
		if err != nil {
			return nil, fmt.Errorf("find recipients: %w", err)
		}
		if len(rows)+len(recipients) > rowsMax {
			return nil, fund.ErrBatchTooLong.With("limit", int64(rowsMax))
		}
		for _, r := range recipients {
			rows = append(rows, fund.Row{No: len(rows) + 1, Wallet: r.Wallet, Amount: cmd.Amount, Source: r.User.String(), State: fund.Waiting})
		}
		if len(recipients) < user.RecipientsMax {
			return rows, nil
		}
		after = recipients[len(recipients)-1].User
	}
}

// listed makes a row for each line: a good one if the line names one recipient, whom no good line above names, and
// an amount.
func (b *Bulk) listed(ctx context.Context, lines []ListRow) ([]fund.Row, error) {
	users, err := b.named(ctx, lines)
	if err != nil {
		return nil, err
	}
	rows := make([]fund.Row, len(lines))
	taken := make(map[user.ID]bool, len(lines))
	for i, line := range lines {
		row := fund.Row{No: cmp.Or(line.No, i+1), Source: line.source(), State: fund.Refused}
		u, known := users[user.FoldEmail(line.Email)]
		amount, sound := line.amount()
		if why := line.judge(known, sound, u, taken[u.ID]); why != nil {
			row.Fault = why.Code
		} else {
			row.Wallet, row.Amount, row.State = u.Wallet, amount, fund.Waiting
			taken[u.ID] = true
		}
		rows[i] = row
	}
	return rows, nil
}

// source gives the row as it can be kept: text, and not more of it than a row can sensibly have.
func (l ListRow) source() string {
	text := l.Source
	if text == "" {
		text = l.Email + "," + l.Amount
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
	if runes := []rune(text); len(runes) > sourceRunesMax {
		return string(runes[:sourceRunesMax])
	}
	return text
}

// judge tells what is wrong with a line.
func (l ListRow) judge(known, sound bool, u user.User, taken bool) *fault.Fault {
	if l.Email == "" && l.Amount == "" {
		return fund.ErrRowForm
	}
	if _, err := user.ParseEmail(l.Email); err != nil {
		return user.ErrEmail
	}
	switch {
	case !sound:
		return fund.ErrRowAmount
	case !known:
		return user.ErrUnknown
	case !u.Role.OwnsWallet():
		return fund.ErrRowNoWallet
	case taken:
		return fund.ErrRowTwice
	}
	return nil
}

// named finds the users whom the lines name.
func (b *Bulk) named(ctx context.Context, lines []ListRow) (map[user.Email]user.User, error) {
	emails := lo.Uniq(lo.FilterMap(lines, func(l ListRow, _ int) (user.Email, bool) {
		email, err := user.ParseEmail(l.Email)
		return email, err == nil
	}))
	users := make(map[user.Email]user.User, len(emails))
	for _, chunk := range lo.Chunk(emails, user.EmailsMax) {
		found, err := b.roster.ByEmails(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("find %d recipients: %w", len(chunk), err)
		}
		for email, u := range found {
			users[email] = u
		}
	}
	return users, nil
}
