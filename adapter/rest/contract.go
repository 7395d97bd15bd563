package rest

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// contract is the set of all operations while it is put together.
type contract struct {
	*server
	api    huma.API
	routes []route
}

// contractVersion is that of the interface, not of the program: it grows when the interface does.
const contractVersion = "1.0.0"

// newContract registers every operation on app.
func newContract(app *fiber.App, s *server) *contract {
	teachHuma()
	config := huma.DefaultConfig("LOVESAIJO ポイント API", contractVersion)
	config.CreateHooks = nil // no $schema in answers
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	config.Info.Description = "西条市の地域ポイント LOVESAIJO の HTTP インターフェース。金額はすべて整数のポイント(1ポイント=1円)、" +
		"時刻は RFC 3339、日付は YYYY-MM-DD、エラーは RFC 9457 の problem+json。"
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", BearerFormat: "signed access token of 10 minutes"},
	}
	c := &contract{server: s, api: huma.NewAPI(config, carrier{app})}
	c.register()
	return c
}

// register names every group of operations, in the order of the contract.
func (c *contract) register() {
	c.sessions()
	c.wallet()
	c.history()
	c.entries()
	c.lots()
	c.codes()
	c.payments()
	c.charges()
	c.notices()
	c.funds()
	c.tills()
	c.settlement()
	c.kinds()
	c.rules()
	c.banks(c.Banking)
	c.grants()
	c.batches()
	c.programmes()
	c.campaigns()
	c.corrections()
	c.receivables()
	c.approvals()
	c.users()
	c.office()
	c.proving()
	c.reports()
	c.publicFunds()
	c.events()
}

// OpenAPI gives the contract as YAML. It needs nothing that runs.
func OpenAPI() ([]byte, error) {
	c := documented()
	c.complete()
	return c.api.OpenAPI().YAML()
}

// documented makes the contract without anything behind it.
func documented() *contract {
	s := &server{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return newContract(fiber.New(fiber.Config{DisableStartupMessage: true}), s)
}

// complete adds to the document what huma cannot know: headers whose absence has a code of its own, so that huma
// does not ask for them, are required, and a repetition has the same answer with another status.
func (c *contract) complete() {
	for _, r := range c.routes {
		item := c.api.OpenAPI().Paths[r.path]
		op := map[string]*huma.Operation{http.MethodPost: item.Post, http.MethodPut: item.Put}[r.method]
		if op == nil {
			continue
		}
		for _, p := range op.Parameters {
			p.Required = p.Required || p.In == "header" && (p.Name == idempotencyHeader || p.Name == "If-Match")
		}
		if r.repeats {
			first := op.Responses[strconv.Itoa(r.status)]
			again := *first
			again.Description = "Done before under the same key"
			op.Responses["200"] = &again
		}
		if r.waits {
			waiting := *op.Responses[strconv.Itoa(r.status)]
			waiting.Description = "Asked for: a second person must approve it"
			op.Responses["202"] = &waiting
		}
	}
}

// Routes lists the operations with what each asks of its caller, by path and method: the route side of the
// authorisation matrix (clause 3.1.3).
func Routes() []Route {
	routes := make([]Route, 0, 64)
	for _, r := range documented().routes {
		routes = append(routes, Route{Method: r.method, Path: r.path, Needs: r.needs.String()})
	}
	slices.SortFunc(routes, func(a, b Route) int {
		if order := strings.Compare(a.Path, b.Path); order != 0 {
			return order
		}
		return strings.Compare(a.Method, b.Method)
	})
	return routes
}

// Route is one operation and what it needs: a permission, any sign-in, or nothing.
type Route struct {
	Method, Path, Needs string
}

// success gives the usual status of a method.
func success(method string) int {
	switch method {
	case http.MethodPost:
		return http.StatusCreated
	case http.MethodDelete:
		return http.StatusNoContent
	}
	return http.StatusOK
}
