package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// acceptExposition asks for the formats that can be read, the richest first.
const acceptExposition = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.8," +
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

// treeInput is one exposition: an address, a file, or "-" for stdin.
type treeInput struct {
	target  string
	stdin   io.Reader
	timeout time.Duration // for an address
	limit   int64         // bytes after decompression; 0 for none
}

func (in treeInput) isURL() bool {
	return strings.HasPrefix(in.target, "http://") || strings.HasPrefix(in.target, "https://")
}

// name is the target as it may be shown: without a password.
func (in treeInput) name() string {
	switch {
	case in.target == "-":
		return "standard input"
	case in.isURL():
		if u, err := url.Parse(in.target); err == nil {
			return u.Redacted()
		}
		return "the address"
	default:
		return in.target
	}
}

// read gives what the exposition holds, or an error of one line with the remedy.
func (in treeInput) read(ctx context.Context) (snapshot *tree.Snapshot, err error) {
	err = in.stream(ctx, func(r io.Reader, format prom.Format) (err error) {
		snapshot, err = prom.ParseExposition(r, format)
		return err
	})
	return snapshot, err
}

// stream hands the text of the exposition to take, decompressed and within the
// limit. Its errors, and those of take, are of one line with the remedy.
func (in treeInput) stream(ctx context.Context, take func(io.Reader, prom.Format) error) error {
	if in.isURL() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, in.timeout)
		defer cancel()
	}
	body, format, err := in.open(ctx)
	if err != nil {
		return in.explain(err)
	}
	defer body.Close()
	plain, err := decompress(body)
	if err != nil {
		return in.explain(err)
	}
	if err := take(&limitedReader{r: plain, limit: in.limit}, format); err != nil {
		return in.explain(err)
	}
	return nil
}

func (in treeInput) open(ctx context.Context) (io.ReadCloser, prom.Format, error) {
	switch {
	case in.target == "-":
		return io.NopCloser(in.stdin), prom.FormatAny, nil
	case in.isURL():
		return in.get(ctx)
	default:
		body, err := in.openFile()
		return body, prom.FormatAny, err
	}
}

func (in treeInput) openFile() (io.ReadCloser, error) {
	f, err := os.Open(in.target)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = syscall.EISDIR
	case in.limit > 0 && info.Mode().IsRegular() && info.Size() > in.limit:
		err = errTooLarge // known without reading it
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// statusError is an answer other than 200.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("answered %d %s", int(e), http.StatusText(int(e)))
}

func (in treeInput) get(ctx context.Context) (io.ReadCloser, prom.Format, error) {
	u, err := url.Parse(in.target)
	if err != nil || u.Host == "" {
		return nil, 0, errBadURL
	}
	if u.Path == "" {
		u.Path = "/metrics" // where exporters answer
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, 0, errBadURL
	}
	request.Header.Set("Accept", acceptExposition)
	request.Header.Set("Accept-Encoding", "gzip") // set here, it is not undone behind our back but counted
	request.Header.Set("User-Agent", "metertree/"+Version())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, 0, statusError(response.StatusCode)
	}
	format := prom.FormatAny
	switch media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media {
	case "application/openmetrics-text":
		format = prom.FormatOpenMetrics
	case "text/html":
		response.Body.Close()
		return nil, 0, prom.ErrExpositionHTML
	}
	return response.Body, format, nil
}

// decompress undoes gzip where it finds it, whatever it was called.
func decompress(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return z, nil
	}
	return b, nil
}

var (
	errTooLarge = errors.New("too large")
	errBadURL   = errors.New("not an address")
)

// leastLine is what a line counts for, in bytes, however short it is: it bounds
// the samples and with them the memory that a limit in bytes lets a target take.
const leastLine = 64

// limitedReader fails, instead of ending quietly, when more than limit bytes come.
type limitedReader struct {
	r     io.Reader
	limit int64
	read  int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.read += int64(max(n, leastLine*bytes.Count(p[:n], []byte("\n"))))
	if l.limit > 0 && l.read > l.limit {
		return 0, errTooLarge
	}
	return n, err
}

// inputError is one line about a target with the remedy, and what it comes from.
type inputError struct {
	text  string
	cause error
}

// Error implements error.
func (e *inputError) Error() string { return e.text }

// Unwrap returns the cause.
func (e *inputError) Unwrap() error { return e.cause }

// explain says what was wrong with which target, and what to do.
func (in treeInput) explain(err error) error {
	text, remedy := err.Error(), "check the target"
	var status statusError
	var netErr *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		text, remedy = fmt.Sprintf("no complete answer within %s", Duration(in.timeout)), "is it endless or slow? Raise --timeout to wait longer"
	case errors.Is(err, context.Canceled):
		text, remedy = "interrupted", "start it again"
	case errors.Is(err, errTooLarge):
		text, remedy = fmt.Sprintf("larger than %s uncompressed, a line counting %d bytes or more", ByteSize(in.limit), leastLine), "raise --body-size-limit to read it all"
	case errors.Is(err, errBadURL):
		text, remedy = "not an address", "write one such as http://127.0.0.1:9100/metrics"
	case errors.Is(err, syscall.ECONNREFUSED):
		text, remedy = "connection refused", "nothing listens there; start the exporter or check host and port"
	case errors.As(err, &status):
		remedy = remedyFor(int(status))
	case errors.As(err, &netErr):
		text, remedy = netErr.Err.Error(), "check host and port, and that the network reaches it"
	case errors.Is(err, fs.ErrNotExist):
		text, remedy = "no such file", "check the path; an address starts with http://"
	case errors.Is(err, fs.ErrPermission):
		text, remedy = "permission denied", "make it readable, or pipe it in and give - as the target"
	case errors.Is(err, syscall.EISDIR):
		text, remedy = "a directory", "give a file in it"
	case errors.Is(err, prom.ErrExpositionEmpty):
		remedy = "there is nothing to show; check that it is the right file or address and that the exporter has started"
	case errors.Is(err, prom.ErrExpositionBinary):
		remedy = "give a text exposition (format 0.0.4 or OpenMetrics), as it is or compressed with gzip"
	case errors.Is(err, prom.ErrExpositionHTML):
		remedy = "give the address of the metrics themselves, which usually ends in /metrics, or of a tree page"
	case errors.Is(err, prom.ErrExpositionCut), errors.Is(err, io.ErrUnexpectedEOF):
		remedy = "fetch it again in full"
	case errors.Is(err, prom.ErrExpositionSyntax):
		remedy = "give a text exposition, format 0.0.4 or OpenMetrics"
	}
	return &inputError{text: fmt.Sprintf("%s: %s: %s", in.name(), text, remedy), cause: err}
}

func remedyFor(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "check the path; exporters usually answer at /metrics"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "give credentials in the address: http://user:password@host/metrics"
	case status >= 500:
		return "the exporter failed; look at its log"
	default:
		return "check the address"
	}
}
