// Package rest is the HTTP interface of the platform: fiber carries it, huma holds every request against the
// contract and writes docs/openapi.yaml from the same types.
//
// One request goes through the edge (identifier, deadline, headers, panics, log line), the guard (access token,
// revocations, the permission that its operation declares), huma (the contract), and one handler, which reads the
// command out of the request, calls one activity, and shows what came of it. Whatever is refused on the way leaves
// as problem+json with a stable code and a Japanese sentence; no refusal repeats what was sent.
//
// Handlers hold no rules. Types ending in View are what people see; mapping them from and to the domain is all
// that happens here. Another person's thing is answered as a thing that does not exist.
package rest

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lovesaijo/domain/audit"
	"lovesaijo/domain/event"
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
	"lovesaijo/usecase/signingin"
)

// Deps is what the interface needs of the rest of the platform.
type Deps struct {
	Log *slog.Logger
	Now usecase.Clock

	Guard *signingin.Guard
	Door  *signingin.Door
	Desk  *registering.Desk

	Pay            *paying.Pay
	PreviewPayment *paying.Preview
	Charging       *charging.Charging
	Reading        *reading.Reading
	Informing      *informing.Informing

	Funding      *funding.Funding
	Accounts     *funding.Accounts
	Ruling       *ruling.Ruling
	PreviewRules *ruling.Previewing
	Granting     *granting.Granting
	Bulk         *granting.Bulk
	Correcting   *correcting.Correcting
	Approving    *approving.Approving
	Expiring     *expiring.Expiring
	Lapsing      *expiring.Lapsing
	Trail        audit.Reader
	Verify       *proving.Verify
	Reporting    *reporting.Reporting
	Freezing     *reporting.Freezing
	Live         event.Feed

	Banking  *banking.Banking
	Settling Settling

	Programmes *rewarding.Programmes
	Campaigns  *rewarding.Campaigns
	WhatIf     *rewarding.WhatIf

	Roster user.Roster
	Codes  user.CodeReader
	Owners Owners
	Rules  ledger.RulesReader
	Draw   Drawings
	Print  Prints

	// Ready tells whether what the platform stands on answers.
	Ready func(ctx context.Context) error

	// PublicURL is where people reach the platform, without a slash at its end: the start of what codes hold.
	PublicURL string

	// Stopping is closed when the process is about to end, so that event streams do not hold it up.
	Stopping <-chan struct{}

	// Heartbeat is how often a silent event stream shows that it lives; zero takes heartbeatUsual.
	Heartbeat time.Duration

	// TrustedProxies are the addresses or networks of proxies whose X-Real-IP is believed. Without any, a request
	// comes from where its connection comes from.
	TrustedProxies []string
}

// Drawings draw codes. They are given by the adapters that know how.
type Drawings struct {
	PNG    func(token user.Token, sidePixels int) ([]byte, error)
	SVG    func(token user.Token, label string) ([]byte, error)
	Poster func(shop user.User, code user.Code) ([]byte, error) // a shop's, to be printed
	Card   func(person user.User, code user.Code) ([]byte, error)
}

// server is what the handlers share.
type server struct {
	Deps
	log        *slog.Logger
	streams    streams
	proofs     proofs
	ownerCache ownerCache
	publicDays publicDays
	printer    printer
}

// New makes the HTTP application. Listening and shutting down are the caller's.
func New(deps Deps) *fiber.App {
	if deps.Heartbeat == 0 {
		deps.Heartbeat = heartbeatUsual
	}
	s := &server{Deps: deps, log: deps.Log, printer: make(printer, 1)}
	s.publicDays.making = make(chan struct{}, 1)
	app := fiber.New(fiber.Config{
		AppName:               "LOVESAIJO",
		DisableStartupMessage: true,
		Immutable:             true, // else kept header values change under the next request of the connection
		CaseSensitive:         true,
		StrictRouting:         true,
		BodyLimit:             bodyBytesMax,
		ReadBufferSize:        headerBytesMax,
		ReadTimeout:           readTimeout,
		WriteTimeout:          writeTimeout,
		IdleTimeout:           idleTimeout,
		ErrorHandler:          s.lastResort,

		DisablePreParseMultipartForm: true,

		// X-Forwarded-For can be sent by anyone and is only added to on its way; X-Real-IP is set by the proxy.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          deps.TrustedProxies,
		ProxyHeader:             "X-Real-IP",
		EnableIPValidation:      true,
	})
	app.Server().HeaderReceived = boundBody
	app.Use(s.edge)
	app.Get("/healthz", alive)
	app.Get("/readyz", s.ready)
	app.Get("/q/:token", s.landing)
	app.Get("/funds", s.fundsPage)
	newContract(app, s)
	return app
}

// boundBody lets only the operations that take lists read a large body.
func boundBody(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	switch path {
	case batchesPath, batchesPath + "/preview", bankMasterPath, bankMasterPath + "/preview":
		return fasthttp.RequestConfig{MaxRequestBodySize: bodyBytesMaxBatch}
	case bankFilesPath + "/validation":
		return fasthttp.RequestConfig{MaxRequestBodySize: bodyBytesMaxFile}
	}
	return fasthttp.RequestConfig{}
}
