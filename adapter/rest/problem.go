package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lovesaijo/domain/fault"
)

// Problem is every refusal of this interface: problem details after RFC 9457 with a stable code. Its texts are
// Japanese and safe to show; it never repeats a value that was sent.
type Problem struct {
	Type    string           `json:"type" format:"uri" example:"urn:lovesaijo:fault:balance_insufficient" doc:"The refusal as a URI, made of its code"`
	Title   string           `json:"title" example:"残高が足りません。" doc:"What to tell the person"`
	Status  int              `json:"status" example:"422" doc:"The HTTP status"`
	Code    string           `json:"code" example:"balance_insufficient" doc:"Stable name of the refusal; docs/faults.md lists all of them"`
	Figures map[string]int64 `json:"figures,omitempty" doc:"Figures that explain the refusal, such as a shortfall"`
	Errors  []ProblemField   `json:"errors,omitempty" doc:"The places of the request that are at fault"`

	retryAfter int // seconds; zero for none
}

// ProblemField is one place of the request that is at fault.
type ProblemField struct {
	Path    string `json:"path" example:"body.amount" doc:"Where: body, query, path or header, and the field"`
	Code    string `json:"code" example:"minimum" doc:"Stable name of what is wrong there"`
	Message string `json:"message" example:"1以上で入力してください。" doc:"What to tell the person"`
}

const problemMIME = "application/problem+json"

// retryAfterSeconds is what clients are asked to wait for where the fault does not say.
const retryAfterSeconds = 2

// Error gives the code, for operators.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders gives huma the headers that belong to the status.
func (p *Problem) GetHeaders() http.Header {
	headers := http.Header{}
	if p.retryAfter > 0 {
		headers.Set(fiber.HeaderRetryAfter, strconv.Itoa(p.retryAfter))
	}
	if p.Status == fiber.StatusUnauthorized {
		headers.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	return headers
}

// ContentType tells huma that a Problem is not plain JSON.
func (p *Problem) ContentType(string) string { return problemMIME }

// statusOf is the one place where a kind of refusal becomes an HTTP status.
var statusOf = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Refused:         http.StatusUnprocessableEntity,
	fault.Gone:            http.StatusGone,
	fault.Throttled:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// protocolProblem makes a refusal that is about HTTP and not about the city.
func protocolProblem(status int, code, title string) Problem {
	return Problem{Type: typeOf(code), Title: title, Status: status, Code: code}
}

// The refusals of HTTP itself. They have no kind, since no activity is reached.
var (
	problemMalformed    = protocolProblem(http.StatusBadRequest, "request_malformed", "リクエストの形式が正しくありません。")
	problemJSON         = protocolProblem(http.StatusBadRequest, "json_malformed", "JSONの形式が正しくありません。")
	problemRoute        = protocolProblem(http.StatusNotFound, "route_unknown", "お探しのページはありません。")
	problemMethod       = protocolProblem(http.StatusMethodNotAllowed, "method_not_allowed", "この操作はできません。")
	problemTimeout      = protocolProblem(http.StatusRequestTimeout, "request_timeout", "通信に時間がかかりすぎました。もう一度お試しください。")
	problemBody         = protocolProblem(http.StatusRequestEntityTooLarge, "body_too_large", "送信されたデータが大きすぎます。")
	problemURI          = protocolProblem(http.StatusRequestURITooLong, "uri_too_long", "URLが長すぎます。")
	problemMedia        = protocolProblem(http.StatusUnsupportedMediaType, "media_type_unsupported", "データの種類は application/json を指定してください。")
	problemInvalid      = protocolProblem(http.StatusUnprocessableEntity, "request_invalid", "入力内容に誤りがあります。各項目をご確認ください。")
	problemPrecondition = protocolProblem(http.StatusPreconditionRequired, "if_match_required", "If-Match ヘッダーに、読み込んだ版を指定してください。")
	problemHeaders      = protocolProblem(http.StatusRequestHeaderFieldsTooLarge, "headers_too_large", "リクエストヘッダーが大きすぎます。")
	problemInternal     = protocolProblem(http.StatusInternalServerError, "internal", "システムエラーが発生しました。時間をおいてもう一度お試しください。")
	problemDeadline     = protocolProblem(http.StatusServiceUnavailable, "deadline_exceeded", "時間内に結果を確認できませんでした。処理済みの場合がありますので、履歴を確認するか、同じキーでもう一度お試しください。")
)

// protocolProblems lists them for docs/faults.md.
var protocolProblems = []Problem{
	problemMalformed, problemJSON, problemRoute, problemMethod, problemTimeout, problemBody, problemURI, problemMedia,
	problemInvalid, problemPrecondition, problemHeaders, problemInternal, problemDeadline,
}

// byStatus chooses the refusal for what fiber, fasthttp and huma report by status alone.
func byStatus(status int) *Problem {
	for i := range protocolProblems {
		if protocolProblems[i].Status == status {
			return &protocolProblems[i]
		}
	}
	if status >= 400 && status < 500 {
		return &problemMalformed
	}
	return &problemInternal
}

// problemOf turns any error into what the person is told. Faults are told as they are; of everything else
// people learn only that it went wrong. Where unexpected is true, the error belongs in the log. where names
// the part of the request that the fields of a fault are in.
func problemOf(err error, where string) (p *Problem, unexpected bool) {
	if errors.As(err, &p) {
		return p, false
	}
	if f, ok := fault.Of(err); ok {
		return ofFault(f, where), hasAccident(err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		late := problemDeadline
		late.retryAfter = retryAfterSeconds
		return &late, true
	}
	var e *fiber.Error
	if errors.As(err, &e) {
		return byStatus(e.Code), false
	}
	return &problemInternal, true
}

// hasAccident tells whether something that is no fault was joined to one: people are told the fault, but the rest
// belongs in the log.
func hasAccident(err error) bool {
	switch e := err.(type) {
	case *fault.Fault:
		return false
	case interface{ Unwrap() error }:
		return hasAccident(e.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), hasAccident)
	}
	return true
}

func ofFault(f *fault.Fault, where string) *Problem {
	p := &Problem{Type: typeOf(string(f.Code)), Title: f.Message, Status: statusOf[f.Kind], Code: string(f.Code), Figures: f.Figures}
	if f.Kind == fault.Throttled || f.Kind == fault.Unavailable {
		p.retryAfter = max(int(f.Figures["retry_after_seconds"]), retryAfterSeconds)
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{
			Path: safePath(where + "." + snake(field.Path)), Code: string(field.Code), Message: field.Message,
		})
	}
	return p
}

func typeOf(code string) string { return "urn:lovesaijo:fault:" + code }

// pathBytesMax bounds a path in a refusal, since names of unknown fields are the sender's own.
const pathBytesMax = 100

// safePath gives a path as far as it looks like one of ours.
func safePath(path string) string {
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-[]", r) {
			return r
		}
		return '?'
	}
	if len(path) > pathBytesMax {
		path = path[:pathBytesMax]
	}
	return strings.Map(plain, path)
}

// snake gives the domain's field names (postalCode) as this interface writes them (postal_code).
func snake(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// send writes a problem straight to fiber, for what does not pass through huma.
func (p *Problem) send(c *fiber.Ctx) error {
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, problemMIME)
	return c.Status(p.Status).Send(body)
}
