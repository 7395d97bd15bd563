package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// carrier registers huma's operations on fiber v2. huma has an adapter of its own for this, in one package with
// the one for fiber v3: taking it would link a second web framework, and copy every request's context.
type carrier struct {
	app *fiber.App
}

// Handle gives one operation to fiber.
func (a carrier) Handle(op *huma.Operation, handler func(huma.Context)) {
	path := strings.NewReplacer("{", ":", "}", "").Replace(op.Path)
	a.app.Add(op.Method, path, func(c *fiber.Ctx) error {
		handler(&exchange{op: op, c: c, ctx: c.UserContext()})
		return nil
	})
}

// ServeHTTP is huma's way to serve tests through net/http. Tests here go through fiber.
func (a carrier) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNotImplemented)
}

// exchange shows one request and its answer to huma.
type exchange struct {
	op  *huma.Operation
	c   *fiber.Ctx
	ctx context.Context
}

func (e *exchange) Operation() *huma.Operation { return e.op }
func (e *exchange) Context() context.Context   { return e.ctx }
func (e *exchange) TLS() *tls.ConnectionState  { return e.c.Context().TLSConnectionState() }
func (e *exchange) Version() huma.ProtoVersion { return huma.ProtoVersion{Proto: e.c.Protocol()} }
func (e *exchange) Method() string             { return e.c.Method() }
func (e *exchange) Host() string               { return e.c.Hostname() }
func (e *exchange) RemoteAddr() string         { return e.c.Context().RemoteAddr().String() }
func (e *exchange) Param(name string) string   { return param(e.c, name) }
func (e *exchange) Query(name string) string   { return e.c.Query(name) }
func (e *exchange) Header(name string) string  { return e.c.Get(name) }
func (e *exchange) BodyReader() io.Reader      { return bytes.NewReader(e.c.Request().Body()) }
func (e *exchange) Status() int                { return e.c.Response().StatusCode() }
func (e *exchange) SetStatus(code int)         { e.c.Status(code) }
func (e *exchange) BodyWriter() io.Writer      { return e.c.Context() }

// param gives a part of the path as it was meant: a person's code may have been typed with spaces.
func param(c *fiber.Ctx, name string) string {
	text := c.Params(name)
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// URL gives what was asked for; one that cannot be read is empty.
func (e *exchange) URL() url.URL {
	if parsed, err := url.ParseRequestURI(string(e.c.Request().RequestURI())); err == nil {
		return *parsed
	}
	return url.URL{}
}

func (e *exchange) EachHeader(see func(name, value string)) {
	for name, value := range e.c.Request().Header.All() {
		see(string(name), string(value))
	}
}

func (e *exchange) GetMultipartForm() (*multipart.Form, error) { return e.c.MultipartForm() }

// SetReadDeadline has nothing to do: the whole body is read, in bounded time, before a handler runs.
func (e *exchange) SetReadDeadline(time.Time) error { return nil }

func (e *exchange) SetHeader(name, value string)    { e.c.Set(name, value) }
func (e *exchange) AppendHeader(name, value string) { e.c.Append(name, value) }

// fiberOf gives the fiber context below huma's.
func fiberOf(ctx huma.Context) *fiber.Ctx { return ctx.(*exchange).c }

var (
	_ huma.Adapter = carrier{}
	_ huma.Context = (*exchange)(nil)
)
