package loadgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

const (
	readBytes    = 16 << 10
	responseMax  = 4 << 20
	headBytesMax = 32 << 10
	headLinesMax = 100
)

// The answers that this client does not read. It understands what a server sends that knows the length of its
// answer and keeps the connection, which is what a load is about; anything else is an error and never a guess.
var (
	errChunked  = errors.New("the response is chunked, and the load client reads only responses with a Content-Length")
	errLength   = errors.New("the response has no Content-Length")
	errSurplus  = errors.New("bytes after the response's body")
	errTooLong  = errors.New("the response is longer than the load client reads")
	errNoHTTP   = errors.New("the response is not HTTP/1.1")
	errInterim  = errors.New("an interim response, which the load client did not ask for")
	errCutShort = errors.New("the connection ended within the response")
)

// wire is one keep-alive connection. It is not for use by several goroutines.
type wire struct {
	raw net.Conn
	in  []byte
}

// response is an answer. Its body is valid until the next exchange; after a closing one there is none.
type response struct {
	status  int
	closing bool
	body    []byte
}

func (d door) connect(ctx context.Context) (*wire, error) {
	raw, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &wire{raw: raw, in: make([]byte, readBytes)}, nil
}

// exchange sends the bytes of a request and reads its answer. After an error the connection is of no more use.
func (w *wire) exchange(request []byte) (response, error) {
	if _, err := w.raw.Write(request); err != nil {
		return response{}, err
	}
	var got int
	var head header
	for {
		n, err := w.raw.Read(w.in[got:])
		scanned := max(0, got-3)
		got += n
		if head.size == 0 {
			if at := bytes.Index(w.in[scanned:got], []byte("\r\n\r\n")); at >= 0 {
				parsed, bad := parseHeader(w.in[:scanned+at+4])
				if bad != nil {
					return response{}, bad
				}
				head = parsed
			} else if got > headBytesMax {
				return response{}, errTooLong
			}
		}
		if head.size > 0 {
			switch whole := head.size + head.length; {
			case whole > responseMax:
				return response{}, errTooLong
			case got > whole:
				return response{}, errSurplus
			case got == whole:
				return response{head.status, head.closing, w.in[head.size:whole]}, nil
			case whole > len(w.in):
				w.grow(whole, got)
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) && got > 0 {
				return response{}, errCutShort
			}
			return response{}, err
		}
		if got == len(w.in) {
			w.grow(2*got, got)
		}
	}
}

func (w *wire) grow(to, kept int) {
	in := make([]byte, to)
	copy(in, w.in[:kept])
	w.in = in
}

// header is what a load needs to know of a response's head. Its size covers the empty line at its end.
type header struct {
	status, size, length int
	closing              bool
}

func parseHeader(head []byte) (header, error) {
	if len(head) < len("HTTP/1.1 200\r\n") || string(head[:9]) != "HTTP/1.1 " {
		return header{}, errNoHTTP
	}
	status, err := strconv.Atoi(string(head[9:12]))
	if err != nil || status < 100 || status > 999 || head[12] != ' ' && head[12] != '\r' {
		return header{}, errNoHTTP
	}
	if status < 200 {
		return header{}, errInterim
	}
	h := header{status: status, size: len(head), length: -1}
	_, rest, _ := bytes.Cut(head, []byte("\r\n"))
	for range headLinesMax {
		line, next, _ := bytes.Cut(rest, []byte("\r\n"))
		if len(line) == 0 {
			break
		}
		rest = next
		switch line[0] | 0x20 {
		case 'c', 't': // the other names are none of ours
		default:
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			n, err := strconv.Atoi(string(value))
			if err != nil || n < 0 || h.length >= 0 && h.length != n {
				return header{}, fmt.Errorf("response with the Content-Length %q", value)
			}
			h.length = n
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return header{}, fmt.Errorf("status %d: %w", status, errChunked)
		case bytes.EqualFold(name, []byte("connection")) && bytes.EqualFold(value, []byte("close")):
			h.closing = true
		}
	}
	if status == 204 || status == 304 {
		h.length = 0
	}
	if h.length < 0 {
		return header{}, fmt.Errorf("status %d: %w", status, errLength)
	}
	return h, nil
}
