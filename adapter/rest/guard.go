package rest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/idem"
	"lovesaijo/usecase/signingin"
)

const (
	bearerScheme      = "bearer"
	bearerPrefix      = "Bearer "
	idempotencyHeader = "Idempotency-Key"
)

// needs is what an operation asks of its caller.
type needs struct {
	signIn bool
	one    []access.Permission // of which the role must have one; none for whoever is signed in
}

// open asks for nothing, signedIn for any sign-in, may for one of some permissions of the matrix.
var (
	open     = needs{}
	signedIn = needs{signIn: true}
)

func may(permissions ...access.Permission) needs { return needs{signIn: true, one: permissions} }

// String gives what stands in the list of routes.
func (n needs) String() string {
	switch {
	case !n.signIn:
		return "public"
	case len(n.one) == 0:
		return "signed-in"
	}
	return strings.Join(lo.Map(n.one, func(p access.Permission, _ int) string { return p.String() }), " or ")
}

// route declares one operation.
type route struct {
	method, path string
	id           string // names the operation in generated clients
	summary      string // Japanese
	tag          string
	needs        needs
	status       int   // of success; zero takes the method's usual one
	bodyBytesMax int64 // zero takes bodyBytesMax
	repeats      bool  // a repetition under the same key is answered with 200 and the same body
	waits        bool  // what needs a second person is answered with 202 and the same body
	patient      bool  // its work may take long: it gets deadlinePatient in place of deadline
	answers      map[string]*huma.Response
}

// handle registers an operation: its contract comes from the types, who may call it from the route. act gets the
// actor as a parameter; for an open route it is the zero actor, with address and request only.
func handle[I, O any](c *contract, r route, act func(ctx context.Context, actor access.Actor, in *I) (*O, error)) {
	if r.status == 0 {
		r.status = success(r.method)
	}
	c.routes = append(c.routes, r)
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Tags: []string{r.tag}, DefaultStatus: r.status,
		MaxBodyBytes: max(r.bodyBytesMax, bodyBytesMax) + 1, BodyReadTimeout: -1,
		RejectUnknownQueryParameters: r.method == http.MethodGet,
		Middlewares:                  huma.Middlewares{c.guard(r)},
		Responses:                    r.answers,
		Extensions:                   map[string]any{"x-needs": r.needs.String()},
	}
	if r.needs.signIn {
		op.Security = []map[string][]string{{bearerScheme: {}}}
	}
	where := "body"
	if r.method == http.MethodGet {
		where = "query"
	}
	huma.Register(c.api, op, func(ctx context.Context, in *I) (*O, error) {
		req := requestOf(ctx)
		if r.patient {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), deadlinePatient)
			defer cancel()
		}
		out, err := act(ctx, req.actor, in)
		if err == nil {
			return out, nil
		}
		p, unexpected := problemOf(err, where)
		if unexpected {
			c.log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request", req.id),
				slog.String("operation", r.id), slog.Any("error", err))
		}
		return nil, p
	})
}

// guard lets a request in when its token is good, its session has not been ended, and its role has the permission.
// Nothing is asked of a database (clauses 3.1.2 and 3.1.3).
func (c *contract) guard(r route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		fctx := fiberOf(ctx)
		req := requestOf(ctx.Context())
		if err := c.admit(fctx, req, r.needs); err != nil {
			p, _ := problemOf(err, "header")
			if err := p.send(fctx); err != nil {
				panic(err)
			}
			return
		}
		next(ctx)
	}
}

// admit fills in the request's actor.
func (s *server) admit(c *fiber.Ctx, req *request, n needs) error {
	origin := signingin.Origin{Address: c.IP(), Request: req.id}
	req.actor = access.Actor{Address: origin.Address, Request: origin.Request}
	if !n.signIn {
		return nil
	}
	token := bearerOf(c)
	if token == "" {
		return access.ErrNotSignedIn
	}
	actor, err := s.Guard.Actor(token, origin)
	if err != nil {
		return err
	}
	req.actor, req.token = actor, token
	for _, permission := range n.one {
		if access.May(actor.Role, permission) {
			return nil
		}
	}
	if len(n.one) > 0 {
		return access.ErrNotAllowed
	}
	return nil
}

// bearerOf gives the access token of a request; empty where there is none.
func bearerOf(c *fiber.Ctx) string {
	header := c.Get(fiber.HeaderAuthorization)
	if len(header) <= len(bearerPrefix) || !strings.EqualFold(header[:len(bearerPrefix)], bearerPrefix) {
		return ""
	}
	return header[len(bearerPrefix):]
}

// Keyed is part of every request that moves points (design §5): the client makes the key before it first sends.
type Keyed struct {
	Key string `header:"Idempotency-Key" doc:"Client's own name of this act, 8 to 64 characters, kept until it has an answer" example:"0195f6a2-6c1e-7b6a-9a51-3f0c5f4d2a11"`
}

// key gives the key, or what is wrong with it.
func (k Keyed) key() (idem.Key, error) {
	key := idem.Key(k.Key)
	return key, key.Valid()
}
