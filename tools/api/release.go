package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// lastRelease is the tag of the last release before what is checked out, or
// empty if there is none, as in a shallow clone. All modules are released under
// one version, so the root's tags tell; candidates promise nothing.
func (r *repository) lastRelease() string {
	out, err := r.git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "--exclude", "*-*")
	tag := strings.TrimSpace(out)
	if err != nil || !semver.IsValid(tag) {
		return ""
	}
	return tag
}

// at returns the lines of a file in a release.
func (r *repository) at(tag, file string) ([]string, error) {
	text, err := r.git("show", tag+":"+filepath.ToSlash(file))
	return linesOf(text), err
}

func (r *repository) git(arguments ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", r.path}, arguments...)...).Output()
	return string(out), err
}

// mayBreak reports whether a version after the tag's may break the API: one
// before v1, or one of a new major version, which has a path of its own.
func mayBreak(tag, root string) bool {
	_, pathMajor, _ := module.SplitPathVersion(root)
	major := semver.Major(tag)
	return major == "v0" || pathMajor != "" && module.PathMajorPrefix(pathMajor) != major
}

// acceptedFile lists the breaks that are meant.
const acceptedFile = directory + "/accepted-breaks.txt"

// acceptance is a line of that file.
type acceptance struct{ since, about, reason string }

// accepted reads the breaks that are meant: "TAG IDENTIFIER: REASON", each since
// the release of the tag. Empty lines and those that begin with # are left out.
func (r *repository) accepted() ([]acceptance, error) {
	text, err := os.ReadFile(filepath.Join(r.path, acceptedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []acceptance
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		what, reason, _ := strings.Cut(line, ": ")
		since, about, found := strings.Cut(what, " ")
		if !found || !semver.IsValid(since) || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: %q is not of the form \"v0.1.0 pkg.Name: reason\"", acceptedFile, i+1, line)
		}
		all = append(all, acceptance{since, strings.TrimSpace(about), strings.TrimSpace(reason)})
	}
	return all, nil
}
