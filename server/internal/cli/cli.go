// Package cli is the command line of the metertree binary: one file per command,
// and the grammar that joins them.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/metertree/metertree/server/internal/serve"
)

// Exit codes of the binary.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// grammar is the command line. A new command is a struct with a Run method, and
// one line here.
type grammar struct {
	Serve       ServeCmd       `cmd:"" help:"Scrape and receive metrics, store them, answer PromQL."`
	Demo        DemoCmd        `cmd:"" help:"Show what metertree does, on a service of its own under load."`
	Gateway     GatewayCmd     `cmd:"" help:"Merge what many processes push, and show it as one."`
	Tree        TreeCmd        `cmd:"" help:"Print the metrics of a file, a program or a server as a tree."`
	Explain     ExplainCmd     `cmd:"" help:"Tell which branches account for the change of a metric or a ratio."`
	Ratio       RatioCmd       `cmd:"" help:"Print declared ratios, a ratio of any two metrics, or the shares of states."`
	Lint        LintCmd        `cmd:"" help:"Hold the metrics of a file or an address to the naming rules."`
	Diff        DiffCmd        `cmd:"" help:"Compare two expositions, and bridge what was renamed."`
	Cardinality CardinalityCmd `cmd:"" help:"Count the series of a file or an address, and fit them to a budget."`
	Check       CheckCmd       `cmd:"" help:"Find every mistake in a configuration, in rules or in metrics."`
	Doctor      DoctorCmd      `cmd:"" help:"Tell what is wrong with a running server, and what to do."`
	Completion  CompletionCmd  `cmd:"" help:"Print a script that completes command lines in a shell."`
	Man         ManCmd         `cmd:"" help:"Print the manual page."`
	Version     VersionCmd     `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

const description = `metertree scrapes or receives metrics, keeps a week of them, answers PromQL and shows them as a tree.

Start with one exporter:

  metertree serve --scrape http://127.0.0.1:9100/metrics`

// Streams are the standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the command that args name, without the program's own name, and
// returns the exit code: 0 for success, 1 for a failure, 2 for a mistake on the
// command line. A failure is one line on streams.Err. The command ends when the
// context does.
func Main(ctx context.Context, args []string, streams Streams) (code int) {
	defer func() {
		switch raised := recover().(type) {
		case nil:
		case exitRequest:
			code = int(raised)
		default:
			panic(raised) // a defect, which must not pass for a success
		}
	}()
	parser, err := newParser(ctx, streams)
	if err != nil {
		return report(streams.Err, err, exitFailure)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(streams.Err, fmt.Errorf("%w: see metertree --help", err), exitUsage)
	}
	if err := command.Run(); err != nil {
		return report(streams.Err, err, exitFailure)
	}
	return exitOK
}

func newParser(ctx context.Context, streams Streams) (*kong.Kong, error) {
	return kong.New(&grammar{},
		kong.Name("metertree"),
		kong.Description(description),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(streams.Out, streams.Err),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams),
		kong.Vars{"listen": serve.DefaultListenAddress, "version": versionLine()},
		kong.Exit(func(code int) { panic(exitRequest(code)) }),
	)
}

// exitRequest carries the parser's wish to end the program, after --help, up to
// Main.
type exitRequest int

// report prints an error as one line and passes on the exit code.
func report(to io.Writer, err error, code int) int {
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		code = exitUsage
	} else if coded := (codedError{}); errors.As(err, &coded) {
		code = coded.code
	}
	line := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	fmt.Fprintln(to, "metertree: "+line)
	return code
}
