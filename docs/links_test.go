// Package docs holds the tests that keep the documentation true.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = ".."

var (
	fence   = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	scheme  = regexp.MustCompile(`^[a-z]+:`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestRelativeLinksResolve follows every link between files of the repository,
// to the heading if it names one.
func TestRelativeLinksResolve(t *testing.T) {
	pages := markdownFiles(t)
	if !slices.Contains(pages, filepath.Join(root, "README.md")) {
		t.Fatalf("README.md is not among the pages found: %v", pages)
	}
	for _, page := range pages {
		for _, target := range relativeLinks(read(t, page)) {
			path, anchor, _ := strings.Cut(target, "#")
			to := page
			if path != "" {
				to = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: link to %q: %v", page, target, err)
				continue
			}
			if anchor != "" && strings.HasSuffix(to, ".md") && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s: link to %q: %s has no such heading", page, target, to)
			}
		}
	}
}

// TestEveryPageIsReachable finds pages that no other page links to: nobody
// would read them.
func TestEveryPageIsReachable(t *testing.T) {
	linked := map[string]bool{filepath.Join(root, "README.md"): true}
	pages := markdownFiles(t)
	for _, page := range pages {
		for _, target := range relativeLinks(read(t, page)) {
			path, _, _ := strings.Cut(target, "#")
			linked[filepath.Join(filepath.Dir(page), filepath.FromSlash(path))] = true
		}
	}
	for _, page := range pages {
		if !linked[page] {
			t.Errorf("%s: no page links to it: add it to docs/README.md", page)
		}
	}
}

func TestRelativeLinks(t *testing.T) {
	text := "[a](one.md) ![b](two.png \"title\") [c](https://example.org/) `[d](no.md)`\n" +
		"```\n[e](no.md)\n```\n<img src=\"three.png\"> [f](#four)"
	want := []string{"one.md", "two.png", "three.png", "#four"}
	if got := relativeLinks(text); !slices.Equal(got, want) {
		t.Errorf("relativeLinks = %q, want %q", got, want)
	}
}

func TestAnchors(t *testing.T) {
	text := "# The `metertree` binary\n```\n# no heading\n```\n## What it costs, in short\n"
	want := []string{"the-metertree-binary", "what-it-costs-in-short"}
	if got := anchors(text); !slices.Equal(got, want) {
		t.Errorf("anchors = %q, want %q", got, want)
	}
}

// markdownFiles lists the repository's pages.
func markdownFiles(t *testing.T) []string {
	t.Helper()
	var pages []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skippedDirectories[entry.Name()]:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// relativeLinks returns the targets of a page's links that are neither URLs
// nor part of code.
func relativeLinks(text string) []string {
	text = code.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
	var targets []string
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		if target := match[1] + match[2]; !scheme.MatchString(target) {
			targets = append(targets, target)
		}
	}
	return targets
}

// anchors returns the names under which a page's headings can be linked to,
// made as code hosts make them: lower case, spaces as hyphens, no punctuation.
func anchors(text string) []string {
	var names []string
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := notSlug.ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
