package cli

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

// CompletionCmd prints a script that completes command lines.
type CompletionCmd struct {
	Shell string `arg:"" name:"shell" enum:"bash,zsh,fish" help:"For this shell: bash, zsh or fish."`
}

// Help is the detail that --help shows.
func (CompletionCmd) Help() string {
	return `Into a file that the shell reads at its start:

  metertree completion bash > /etc/bash_completion.d/metertree
  metertree completion zsh > "${fpath[1]}/_metertree"
  metertree completion fish > ~/.config/fish/completions/metertree.fish

Or for this session only:

  source <(metertree completion bash)`
}

//go:embed completion/*.tmpl
var completionTemplates embed.FS

// Run implements the command.
func (c *CompletionCmd) Run(streams Streams, command *kong.Context) error {
	var script bytes.Buffer
	scripts, err := template.New("").Funcs(template.FuncMap{
		"words": func(list []string) string { return strings.Join(list, " ") },
		"quote": func(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" },
		"names": func(list []completedFlag) (names []string) {
			for _, f := range list {
				names = append(names, "--"+f.Name)
			}
			return names
		},
	}).ParseFS(completionTemplates, "completion/*.tmpl")
	if err == nil {
		err = scripts.ExecuteTemplate(&script, c.Shell+".tmpl", completed(command.Model.Node))
	}
	if err != nil {
		return fmt.Errorf("completion for %s cannot be made: %w: report it", c.Shell, err)
	}
	_, err = streams.Out.Write(script.Bytes())
	return outputError(err)
}

// completedCommand is a command with what may follow it.
type completedCommand struct {
	// Path is the way to it, as in "metertree check rules".
	Path  string
	Subs  []completedSub
	Flags []completedFlag
	// Words are those that its first argument may be, if they are known.
	Words []string
}

type completedSub struct{ Name, Help string }

type completedFlag struct {
	Name, Help string
	// Value is whether a value follows; Words are those that it may be, if they are
	// known, and Files is whether it is a path.
	Value, Files bool
	Words        []string
}

// completed lists a command and all below it.
func completed(node *kong.Node) (list []completedCommand) {
	c := completedCommand{Path: commandPath(node)}
	for _, child := range node.Children {
		if !child.Hidden {
			c.Subs = append(c.Subs, completedSub{child.Name, firstSentence(child.Help)})
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			c.Flags = append(c.Flags, completedFlag{
				Name: f.Name, Help: firstSentence(f.Help), Value: !f.IsBool(), Words: enumOf(f.Value),
				Files: f.PlaceHolder == "FILE" || f.PlaceHolder == "DIR",
			})
			if f.IsBool() && f.Tag.Negatable != "" {
				c.Flags = append(c.Flags, completedFlag{Name: "no-" + f.Name, Help: firstSentence(f.Help)})
			}
		}
	}
	if len(node.Positional) > 0 {
		c.Words = enumOf(node.Positional[0])
	}
	list = append(list, c)
	for _, child := range node.Children {
		if !child.Hidden {
			list = append(list, completed(child)...)
		}
	}
	return list
}

// commandPath is the way to a command, from the program's name.
func commandPath(node *kong.Node) string {
	var names []string
	for ; node != nil; node = node.Parent {
		names = append(names, node.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " ")
}

func enumOf(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return strings.Split(value.Enum, ",")
}

// firstSentence is the beginning of a help text, which lists have room for.
func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	first, _, _ = strings.Cut(first, ": ")
	first, _, _ = strings.Cut(first, "; ")
	return strings.TrimSuffix(strings.TrimSpace(first), ".")
}
