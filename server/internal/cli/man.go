package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// ManCmd prints the manual page.
type ManCmd struct{}

// Help is the detail that --help shows.
func (ManCmd) Help() string {
	return `To read it, or for a package to install it:

  metertree man | man -l -
  metertree man > /usr/local/share/man/man1/metertree.1`
}

// Run implements the command.
func (ManCmd) Run(streams Streams, command *kong.Context) error {
	page := manPage{build: readBuild()}
	page.write(command.Model.Node)
	_, err := streams.Out.Write(page.out.Bytes())
	return outputError(err)
}

// manPage is a page in the macros of man(7).
type manPage struct {
	build build
	out   bytes.Buffer
}

func (p *manPage) write(root *kong.Node) {
	day, _, _ := strings.Cut(p.build.Date, "T")
	// A date is no text: its hyphens are its own.
	p.line(fmt.Sprintf(`.TH "METERTREE" "1" "%s" "metertree %s" "User Commands"`, day, escapeRoff(p.build.Version)))
	p.macro("SH", "NAME")
	p.line(`metertree \- scrape, receive and store metrics, and show them as a tree`)
	p.macro("SH", "SYNOPSIS")
	p.macro("B", "metertree")
	p.line(`\fICOMMAND\fR [\fIFLAGS\fR]`)
	p.macro("SH", "DESCRIPTION")
	p.text(root.Help)
	p.macro("SH", "COMMANDS")
	p.commands(root)
	p.macro("SH", "EXIT STATUS")
	for _, status := range [][2]string{
		{"0", "Success."},
		{"1", "A failure; for lint, check and doctor, something was found."},
		{"2", "A mistake on the command line, or something could not be checked."},
	} {
		p.entry(status[0], status[1])
	}
	p.macro("SH", "SIGNALS")
	p.entry("SIGHUP", "Reload the configuration file of serve. A file with a mistake changes nothing. The gateway and the demo end in order.")
	p.entry("SIGINT, SIGTERM", "End in order. The second one ends at once.")
	p.macro("SH", "ENVIRONMENT")
	p.entry("GOMEMLIMIT", "A limit of memory, such as 2GiB: see --memory-limit of serve.")
	p.entry("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "The proxies through which other servers are asked. Scrapes use that of their job.")
}

// commands writes every command below a node that can be run.
func (p *manPage) commands(node *kong.Node) {
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		summary := strings.TrimPrefix(child.Path(), "metertree ")
		for _, argument := range child.Positional {
			summary += " " + argument.Summary()
		}
		p.macro("SS", summary)
		p.text(child.Help + "\n\n" + child.Detail)
		for _, f := range child.Flags {
			if !f.Hidden && f.Name != "help" {
				p.entry(flagForm(f), f.Help)
			}
		}
		p.commands(child)
	}
}

// flagForm is a flag as it is given.
func flagForm(f *kong.Flag) string {
	switch {
	case f.IsBool() && f.Tag.Negatable != "":
		return "--[no-]" + f.Name
	case f.IsBool():
		return "--" + f.Name
	}
	return fmt.Sprintf("--%s=%s", f.Name, f.FormatPlaceHolder())
}

// macro writes a request with its arguments.
func (p *manPage) macro(name string, arguments ...string) {
	p.out.WriteString("." + name)
	for _, a := range arguments {
		p.out.WriteString(` "` + strings.ReplaceAll(escapeRoff(a), `"`, `\(dq`) + `"`)
	}
	p.out.WriteByte('\n')
}

// line writes a line that is formatted already.
func (p *manPage) line(text string) { p.out.WriteString(text + "\n") }

// entry writes a term and what it means.
func (p *manPage) entry(term, text string) {
	p.line(".TP")
	p.macro("B", term)
	p.line(escapeRoff(text))
}

// text writes paragraphs. Indented lines are examples, and stay as they are.
func (p *manPage) text(text string) {
	for i, block := range paragraphs(text) {
		if i > 0 {
			p.line(".PP")
		}
		example := isExample(block[0])
		if example {
			p.line(".RS 4\n.nf")
		}
		for _, line := range block {
			p.line(escapeRoff(strings.TrimPrefix(line, "  ")))
		}
		if example {
			p.line(".fi\n.RE")
		}
	}
}

func isExample(line string) bool { return strings.HasPrefix(line, "  ") }

// paragraphs are the lines that stand together: without an empty one between them,
// and all of an example or none.
func paragraphs(text string) (blocks [][]string) {
	var block []string
	for _, line := range append(strings.Split(text, "\n"), "") {
		empty := strings.TrimSpace(line) == ""
		if len(block) > 0 && (empty || isExample(line) != isExample(block[0])) {
			blocks, block = append(blocks, block), nil
		}
		if !empty {
			block = append(block, line)
		}
	}
	return blocks
}

// escapeRoff keeps a text from meaning anything to roff. Hyphens stay as they are
// typed, so that flags can be copied.
func escapeRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return strings.ReplaceAll(text, "\n.", "\n\\&.")
}
