package bootstrap

import (
	"bytes"
	"io"
	"log/slog"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/fx"

	"lovesaijo/adapter/print"
	"lovesaijo/adapter/qr"
	"lovesaijo/adapter/queue"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/banking"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/correcting"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/funding"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/informing"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/proving"
	"lovesaijo/usecase/reading"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/ruling"
	"lovesaijo/usecase/settling"
	"lovesaijo/usecase/signingin"
)

// appNeeds are what the HTTP interface is made of.
type appNeeds struct {
	fx.In

	Config Config
	Log    *slog.Logger
	Clock  usecase.Clock

	Guard        *signingin.Guard
	Door         *signingin.Door
	Desk         *registering.Desk
	Pay          *paying.Pay
	PreviewPay   *paying.Preview
	Charging     *charging.Charging
	Reading      *reading.Reading
	Informing    *informing.Informing
	Funding      *funding.Funding
	Accounts     *funding.Accounts
	Ruling       *ruling.Ruling
	PreviewRules *ruling.Previewing
	Granting     *granting.Granting
	Bulk         *granting.Bulk
	Correcting   *correcting.Correcting
	Approving    *approving.Approving
	Banking      *banking.Banking

	Periods            *settling.Periods
	MerchantStatements *settling.Statements
	Claims             *settling.Claims
	MerchantAccounts   *settling.Accounts
	SettlingDecisions  *settling.Decisions
	Files              *settling.Files
	Payouts            *settling.Payouts

	Programmes *rewarding.Programmes
	Campaigns  *rewarding.Campaigns
	WhatIf     *rewarding.WhatIf
	Expiring   *expiring.Expiring
	Lapsing    *expiring.Lapsing
	Trail      audit.Reader
	Verify     *proving.Verify
	Reporting  *reporting.Reporting
	Freezing   *reporting.Freezing
	Live       *queue.Live

	Roster user.Roster
	Codes  user.CodeReader
	Owners rest.Owners
	Rules  ledger.RulesReader
	Ready  readiness

	Stopping stopping
}

// stopping is closed when the process is about to stop, so that streams end and do not hold up the listener.
type stopping chan struct{}

func newStopping() stopping { return make(stopping) }

func newApp(n appNeeds) (*fiber.App, error) {
	drawings, err := newDrawings(n.Config)
	if err != nil {
		return nil, err
	}
	prints, err := newPrints(n.Config)
	if err != nil {
		return nil, err
	}
	return rest.New(rest.Deps{
		Log: n.Log, Now: n.Clock, Guard: n.Guard, Door: n.Door, Desk: n.Desk, Pay: n.Pay, PreviewPayment: n.PreviewPay,
		Charging: n.Charging, Reading: n.Reading, Informing: n.Informing, Funding: n.Funding, Accounts: n.Accounts,
		Ruling: n.Ruling, PreviewRules: n.PreviewRules, Granting: n.Granting, Bulk: n.Bulk, Correcting: n.Correcting, Approving: n.Approving, Banking: n.Banking, Programmes: n.Programmes, Campaigns: n.Campaigns, WhatIf: n.WhatIf,
		Expiring: n.Expiring, Lapsing: n.Lapsing,
		Trail: n.Trail, Verify: n.Verify, Live: n.Live, Roster: n.Roster, Codes: n.Codes, Owners: n.Owners, Rules: n.Rules,
		Reporting: n.Reporting, Freezing: n.Freezing, Draw: drawings, Print: prints, Ready: n.Ready, PublicURL: n.Config.BaseURL, Stopping: n.Stopping,
		TrustedProxies: n.Config.TrustedProxies,
		Settling: rest.Settling{
			Periods: n.Periods, Statements: n.MerchantStatements, Claims: n.Claims, Accounts: n.MerchantAccounts, Decisions: n.SettlingDecisions,
			Files: n.Files, Payouts: n.Payouts,
		},
	}), nil
}

// newDrawings lets the HTTP interface draw and print codes.
func newDrawings(config Config) (rest.Drawings, error) {
	drawer, err := qr.NewDrawer(config.BaseURL)
	if err != nil {
		return rest.Drawings{}, err
	}
	printer, err := print.New(config.BaseURL)
	if err != nil {
		return rest.Drawings{}, err
	}
	return rest.Drawings{
		PNG: drawer.PNG, SVG: drawer.SVG,
		Poster: func(shop user.User, code user.Code) ([]byte, error) {
			return inMemory(func(w io.Writer) error {
				return printer.Poster(w, print.Poster{
					Shop: shop.Profile.Name, Category: shop.Profile.Category, Token: code.Token,
					PrintVersion: code.PrintVersion, IssuedOn: calendar.DayOf(code.IssuedAt),
				})
			})
		},
		Card: func(person user.User, code user.Code) ([]byte, error) {
			return inMemory(func(w io.Writer) error {
				return printer.Card(w, print.Card{
					Name: person.Profile.Name, Kana: person.Profile.Kana, Token: code.Token,
					PrintVersion: code.PrintVersion, IssuedOn: calendar.DayOf(code.IssuedAt),
				})
			})
		},
	}, nil
}

func inMemory(write func(io.Writer) error) ([]byte, error) {
	var buffer bytes.Buffer
	err := write(&buffer)
	return buffer.Bytes(), err
}
