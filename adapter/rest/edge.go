package rest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
)

// Bounds of every request. A body is small unless its operation says otherwise.
const (
	uriBytesMax       = 2048
	headerBytesMax    = 8192
	bodyBytesMax      = 64 << 10
	bodyBytesMaxBatch = 16 << 20 // a bulk grant's list
	requestIDBytesMax = 64

	deadline        = 10 * time.Second // for the work of one request
	deadlinePatient = 5 * time.Minute  // for work that an administrator waits for

	readTimeout  = 15 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 75 * time.Second
)

// request is the context of one request: its deadline, and what this interface knows of it. The actor leaves it at
// the edge of each handler, as a parameter.
type request struct {
	context.Context
	id    string
	actor access.Actor
	token string // the access token, for streams, which outlive the check at their beginning
}

type requestKey struct{}

// Value gives the request itself under its key.
func (r *request) Value(key any) any {
	if key == (requestKey{}) {
		return r
	}
	return r.Context.Value(key)
}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// edge is what every request passes first and last: it gives it an identifier, a deadline and safe headers, turns
// a panic into a refusal, and writes one line about it. The line names the route's pattern, never the path, since
// paths carry codes; people appear as identifiers only.
func (s *server) edge(c *fiber.Ctx) (err error) {
	started := time.Now()
	r := &request{id: requestIDOf(c, started)}
	safeHeaders(c, r.id)
	if len(c.Context().RequestURI()) > uriBytesMax {
		return s.refuse(c, r, &problemURI)
	}
	if !readable(c) {
		return s.refuse(c, r, &problemMalformed)
	}
	var cancel context.CancelFunc
	r.Context, cancel = context.WithTimeout(context.Background(), deadline)
	defer cancel()
	c.SetUserContext(r)

	defer func() {
		if cause := recover(); cause != nil {
			s.log.LogAttrs(r, slog.LevelError, "panic", slog.String("request", r.id),
				slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
			c.Response().ResetBody()
			err = problemInternal.send(c)
		}
		s.line(c, r, started)
	}()
	if err := c.Next(); err != nil {
		return s.refuse(c, r, err)
	}
	return nil
}

// refuse answers with what the error means for people, and logs it where it was unexpected.
func (s *server) refuse(c *fiber.Ctx, r *request, err error) error {
	p, unexpected := problemOf(err, "request")
	if unexpected {
		s.log.LogAttrs(c.UserContext(), slog.LevelError, "request failed", slog.String("request", r.id), slog.Any("error", err))
	}
	return p.send(c)
}

// line is the access log's entry of one request.
func (s *server) line(c *fiber.Ctx, r *request, started time.Time) {
	level := slog.LevelInfo
	if c.Response().StatusCode() >= fiber.StatusInternalServerError {
		level = slog.LevelError
	}
	if !s.log.Enabled(r, level) {
		return
	}
	route := "unmatched"
	if path := c.Route().Path; path != "/" {
		route = path
	}
	user := slog.Attr{}
	if !r.actor.User.IsZero() {
		user = slog.String("user", r.actor.User.String())
	}
	s.log.LogAttrs(r, level, "request", slog.String("request", r.id), slog.String("method", c.Method()),
		slog.String("route", route), slog.Int("status", c.Response().StatusCode()),
		slog.Duration("took", time.Since(started)), user)
}

// lastResort answers what never reached the edge: requests that fasthttp could not read.
func (s *server) lastResort(c *fiber.Ctx, err error) error {
	r := &request{id: requestIDOf(c, time.Now())}
	safeHeaders(c, r.id)
	return s.refuse(c, r, err)
}

// requestIDOf takes the identifier that a proxy has given, if it is a plain one, or makes one.
func requestIDOf(c *fiber.Ctx, now time.Time) string {
	given := c.Request().Header.Peek(fiber.HeaderXRequestID)
	if len(given) >= 8 && len(given) <= requestIDBytesMax && !bytes.ContainsFunc(given, notPlain) {
		return string(given)
	}
	return ident.New[request](now).String()
}

func notPlain(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}

// readable tells whether path and query decode to text that a database can keep.
func readable(c *fiber.Ctx) bool {
	uri := c.Context().RequestURI()
	if bytes.IndexByte(uri, '%') < 0 {
		return utf8.Valid(uri)
	}
	decoded := fasthttp.AppendUnquotedArg(nil, uri)
	return utf8.Valid(decoded) && bytes.IndexByte(decoded, 0) < 0
}

// safeHeaders sets what every answer carries. A handler of pages sets its own policy.
func safeHeaders(c *fiber.Ctx, id string) {
	header := &c.Response().Header
	header.Set(fiber.HeaderXRequestID, id)
	header.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	header.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	header.Set(fiber.HeaderCacheControl, "no-store")
	header.Set(fiber.HeaderXFrameOptions, "DENY")
	header.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
}
