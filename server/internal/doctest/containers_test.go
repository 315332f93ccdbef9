package doctest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// docker knows build, run and exec with the options that pages use. What runs in the
// image must be a command line of ours.
func docker(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("no command")
	}
	rest, options, err := flags(arguments[1:], map[string]string{
		"-f": `^\S+$`, "-t": `^[a-z][\w./:-]*$`, "--network": `^host$`, "-v": `^(\./)?[\w-]+:/\w+(:ro)?$`, "-p": `^\d+:\d+$`, "--name": `^\w+$`,
	})
	if err != nil {
		return err
	}
	switch {
	case arguments[0] == "build" && len(rest) == 1:
		_, fileErr := os.Stat(options["-f"])
		_, contextErr := os.Stat(rest[0])
		return errors.Join(fileErr, contextErr)
	case arguments[0] == "run" && len(rest) == 1:
		return nil
	case arguments[0] == "run" && len(rest) > 1:
		return understood(rest[1:])
	case arguments[0] == "exec" && len(rest) > 2 && rest[1] == "/metertree":
		return understood(rest[2:])
	}
	return errors.New("not known to this stand-in")
}

// flags takes the options off the front of the arguments, each with a value of a
// known form.
func flags(arguments []string, known map[string]string) (rest []string, options map[string]string, err error) {
	options = map[string]string{}
	for len(arguments) > 1 && strings.HasPrefix(arguments[0], "-") && arguments[0] != "--" {
		form := known[arguments[0]]
		if form == "" || !regexp.MustCompile(form).MatchString(arguments[1]) {
			return nil, nil, fmt.Errorf("option %q is not known to this stand-in, or not with %q", arguments[0], arguments[1])
		}
		options[arguments[0]], arguments = arguments[1], arguments[2:]
	}
	return arguments, options, nil
}

// kubectl knows namespaces, secrets from files, manifests, and what is run in a pod.
func kubectl(arguments []string) error {
	rest, _, err := flags(arguments, map[string]string{"-n": `^metertree$`})
	if err != nil {
		return err
	}
	words := strings.Join(rest, " ")
	switch {
	case words == "create namespace metertree":
		return nil
	case strings.HasPrefix(words, "create secret generic ") && len(rest) == 5:
		file, isFile := strings.CutPrefix(rest[4], "--from-file=")
		if !isFile {
			return errors.New("not known to this stand-in")
		}
		_, err := os.Stat(file)
		return err
	case strings.HasPrefix(words, "apply -f "):
		return manifests(rest[1:])
	case strings.HasPrefix(words, "exec ") && slices.Index(rest, "--") == 2 && len(rest) > 4 && rest[3] == "/metertree":
		return understood(rest[4:])
	}
	return errors.New("not known to this stand-in")
}

// manifests reads the files after each -f as Kubernetes would.
func manifests(arguments []string) error {
	for ; len(arguments) > 1 && arguments[0] == "-f"; arguments = arguments[2:] {
		text, err := os.ReadFile(arguments[1])
		if err != nil {
			return err
		}
		documents := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var object struct {
				APIVersion string `yaml:"apiVersion"`
				Kind       string
				Metadata   struct{ Name string }
			}
			if err := documents.Decode(&object); errors.Is(err, io.EOF) {
				break
			} else if err != nil || object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
				return fmt.Errorf("%s: %+v: %w", arguments[1], object, err)
			}
		}
	}
	if len(arguments) > 0 {
		return fmt.Errorf("%q is not known to this stand-in", arguments)
	}
	return nil
}
