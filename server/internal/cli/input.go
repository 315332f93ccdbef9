package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/metertree/metertree/server/internal/inspect"
	"github.com/metertree/metertree/server/internal/prom"
)

// InputFlags bound what is read.
type InputFlags struct {
	Timeout       Duration `name:"timeout" default:"10s" placeholder:"DURATION" help:"Give up on an address after this time (${default})."`
	BodySizeLimit ByteSize `name:"body-size-limit" default:"64MB" placeholder:"SIZE" help:"Read no more than this, uncompressed; 0B is no limit (${default})."`
}

func (f InputFlags) check() error {
	if f.Timeout <= 0 {
		return fmt.Errorf("--timeout=%s is not positive: give one such as 10s", f.Timeout)
	}
	return nil
}

// inspect reads the exposition of a target, and tells under which name to show it.
func (f InputFlags) inspect(ctx context.Context, target string, in io.Reader) (e *inspect.Exposition, name string, err error) {
	input := treeInput{target: target, stdin: in, timeout: time.Duration(f.Timeout), limit: int64(f.BodySizeLimit)}
	builder := inspect.NewBuilder()
	err = input.stream(ctx, func(r io.Reader, format prom.Format) error {
		return prom.ReadExposition(r, format, builder)
	})
	if err != nil {
		return nil, "", err
	}
	return builder.Build(), input.name(), nil
}

// writeJSON writes a value as indented JSON.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// outputError says that what was found could not be written.
func outputError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("output: %w: check where it goes", err)
}
