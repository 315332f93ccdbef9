package doctest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// askGo gives the variables that keep Go's caches where they are.
func askGo(path string) (variables []string) {
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command(path, "env", name).Output()
		if err != nil {
			return nil
		}
		variables = append(variables, name+"="+strings.TrimSpace(string(value)))
	}
	return variables
}

// goTool runs Go in the repository where the reader's directory stands for it. What
// takes long, because it tests, measures or builds everything, is only looked for.
func goTool(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("no command")
	}
	if err := enterRepository(); err != nil {
		return err
	}
	last := arguments[len(arguments)-1]
	switch {
	case arguments[0] == "get":
		return isModule(last)
	case strings.Join(arguments, " ") == "run ./examples/contextd/cmd/contextd":
		return instead("go", append(arguments, "-listen=127.0.0.1:0", "-metrics.listen="+at("2121"))...)
	case arguments[0] == "test" || last == "./..." || arguments[0] == "run" && strings.HasPrefix(last, "./benchmarks/"):
		return lists(arguments[1:])
	case slices.Contains([]string{"build", "vet", "doc", "list", "version", "env", "run", "mod", "work"}, arguments[0]):
		return instead("go", arguments...)
	}
	return errors.New("not known to this stand-in")
}

// enterRepository goes from the sandbox to where its links lead.
func enterRepository() error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if here == os.Getenv("SANDBOX") {
		here = os.Getenv("REPOSITORY")
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return err
	}
	// Go takes the directory from here, if it is the same one.
	return errors.Join(os.Chdir(here), os.Setenv("PWD", here))
}

// isModule reports whether a module of that path is in the workspace: none is
// tagged yet, so that none can be fetched.
func isModule(path string) error {
	for _, file := range []string{"go.mod", "integrations/go.mod"} {
		text, err := os.ReadFile(filepath.Join(os.Getenv("REPOSITORY"), file))
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(text), "module "+path+"\n") {
			return nil
		}
	}
	return fmt.Errorf("no module %s is here", path)
}

// testFlags take no value in a word of its own; of the others the next word is one.
var testFlags = []string{"-v", "-race", "-short", "-update", "-update-golden"}

// lists checks that packages that would be tested or run are there, and the tests.
func lists(arguments []string) error {
	var packages []string
	var pattern string
	for i := 0; i < len(arguments); i++ {
		switch name, value, joined := strings.Cut(arguments[i], "="); {
		case !strings.HasPrefix(name, "-"):
			packages = append(packages, name)
		case joined || slices.Contains(testFlags, name):
			if name == "-run" || name == "-fuzz" {
				pattern = value
			}
		case i+1 < len(arguments):
			i++
			if name == "-C" {
				if err := os.Chdir(arguments[i]); err != nil {
					return err
				}
			} else if name == "-run" || name == "-fuzz" {
				pattern = arguments[i]
			}
		}
	}
	list := exec.Command("go", append([]string{"list", "-f", "{{.Dir}}"}, packages...)...)
	list.Env = append(os.Environ(), "PATH="+os.Getenv("REAL_PATH"))
	list.Path, list.Err = lookIn(os.Getenv("REAL_PATH"), "go")
	list.Stderr = os.Stderr
	directories, err := list.Output()
	if err != nil || pattern == "" || pattern == "xxx" || pattern == "^$" {
		return err
	}
	for directory := range strings.Lines(string(directories)) {
		if hasTest(strings.TrimSpace(directory), pattern) {
			return nil
		}
	}
	return fmt.Errorf("no test or fuzz target matches %q in %q", pattern, packages)
}

// lookIn finds a program in a list of directories.
func lookIn(path, program string) (string, error) {
	for _, directory := range filepath.SplitList(path) {
		if file, err := exec.LookPath(filepath.Join(directory, program)); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s is not in %s", program, path)
}

var declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

// hasTest reports whether a directory declares a test whose name matches.
func hasTest(directory, pattern string) bool {
	top, _, _ := strings.Cut(pattern, "/")
	matching, err := regexp.Compile(top)
	if err != nil {
		return false
	}
	files, err := filepath.Glob(filepath.Join(directory, "*_test.go"))
	if err != nil {
		return false
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			if matching.MatchString(name[1]) {
				return true
			}
		}
	}
	return false
}
