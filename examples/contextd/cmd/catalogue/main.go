// Command catalogue prints a page with every metric of the library and of the
// context service, from their definitions. "make docs" writes it to
// docs/catalogue.md.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "catalogue:", err)
		os.Exit(1)
	}
}

// run writes the page.
func run(ctx context.Context, out io.Writer) error {
	library, err := recordLibrary(ctx)
	if err != nil {
		return fmt.Errorf("metrics of the library: %w", err)
	}
	service, err := recordService(ctx)
	if err != nil {
		return fmt.Errorf("metrics of contextd: %w", err)
	}
	_, err = io.WriteString(out, page(library, service))
	return err
}
