package rest

import (
	"bufio"
	"context"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// fileAnswer documents an answer that is a file.
func fileAnswer(mime string) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{mime: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
}

// streamed gives an answer that write produces bit by bit, after the handler has returned; so it gets a context of
// its own, which ends with the time given. A failure cuts the connection, since the status has gone out: a file
// that breaks off must not look whole.
func (s *server) streamed(headers map[string]string, until time.Time, write func(ctx context.Context, w *liveWriter) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		c := fiberOf(hctx)
		req := requestOf(hctx.Context())
		c.Status(fiber.StatusOK)
		for name, value := range headers {
			c.Set(name, value)
		}
		conn := c.Context().Conn()
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithDeadline(context.Background(), until)
			defer cancel()
			defer func() {
				if cause := recover(); cause != nil {
					s.log.LogAttrs(ctx, slog.LevelError, "panic in stream", slog.String("request", req.id), slog.Any("cause", cause))
					_ = conn.Close()
				}
			}()
			live := &liveWriter{Writer: w, extend: func() error { return conn.SetWriteDeadline(time.Now().Add(writeTimeout)) }}
			if err := write(ctx, live); err != nil {
				if !live.gone {
					s.log.LogAttrs(ctx, slog.LevelError, "stream failed", slog.String("request", req.id), slog.Any("error", err))
				}
				_ = conn.Close()
			}
		})
	}}
}

// liveWriter sends what was written when it is flushed, and gives each sending its own time.
type liveWriter struct {
	*bufio.Writer
	extend func() error
	gone   bool // the other side is
}

// Flush sends. It fails once the other side is gone.
func (w *liveWriter) Flush() error {
	err := w.extend()
	if err == nil {
		err = w.Writer.Flush()
	}
	w.gone = err != nil
	return err
}
