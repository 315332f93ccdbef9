// Command metertree scrapes or receives metrics, stores them, answers PromQL and
// shows them as a tree.
package main

import (
	"context"
	"os"

	"github.com/metertree/metertree/server/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
