package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"path"
	"strings"
)

// notice stands above every page.
const notice = "<!-- Written from the doc comments by make docs. -->\n"

// render makes all pages, by the name of their file.
func render(packages []documented) (pages map[string]string, err error) {
	pages = map[string]string{"README.md": index(packages)}
	headings := map[string]string{}
	for _, p := range packages {
		addHeadings(headings, p)
	}
	for _, p := range packages {
		if pages[fileOf(p.dir)], err = pageOf(p, headings); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// addHeadings adds what heading each name of a package is found under, as a code
// host spells it.
func addHeadings(headings map[string]string, p documented) {
	add := func(heading string, names ...string) {
		for _, name := range names {
			headings[p.ImportPath+"."+name] = strings.ToLower(heading)
		}
	}
	values := func(heading string, groups []*doc.Value) {
		for _, v := range groups {
			add(heading, v.Names...)
		}
	}
	values("Constants", p.Consts)
	values("Variables", p.Vars)
	for _, f := range p.Funcs {
		add(f.Name, f.Name)
	}
	for _, t := range p.Types {
		add(t.Name, t.Name)
		values(t.Name, t.Consts)
		values(t.Name, t.Vars)
		for _, f := range t.Funcs {
			add(f.Name, f.Name)
		}
	}
}

// fileOf is the page of a package, by its path within the repository.
func fileOf(dir string) string {
	if dir == "." {
		return "metertree.md"
	}
	return strings.ReplaceAll(dir, "/", "-") + ".md"
}

// index is the page that lists all others.
func index(packages []documented) string {
	var b strings.Builder
	b.WriteString(notice + "\n# Reference\n\nThe public packages, as their doc comments describe them. " +
		"`go doc` shows the same in a terminal.\n\n| package | |\n|---|---|\n")
	for _, p := range packages {
		fmt.Fprintf(&b, "| [%s](%s) | %s |\n", shown(p), fileOf(p.dir), strings.ReplaceAll(p.Synopsis(p.Doc), "|", `\|`))
	}
	return b.String()
}

// shown is a package's path as it is spoken of: within its module.
func shown(p documented) string {
	if p.dir == "." {
		return "metertree"
	}
	return p.dir
}

// page is one that is being written.
type page struct {
	documented
	headings map[string]string
	comments *comment.Printer
	bytes.Buffer
	err error
}

// pageOf writes the page of a package.
func pageOf(p documented, headings map[string]string) (string, error) {
	w := &page{documented: p, headings: headings, comments: p.Printer()}
	w.comments.HeadingLevel = 2
	w.comments.HeadingID = func(*comment.Heading) string { return "" }
	w.comments.DocLinkURL = w.linkTo
	fmt.Fprintf(w, "%s\n# %s\n\n```go\nimport %q\n```\n\n", notice, shown(p), p.ImportPath)
	w.text(p.Doc)
	w.examples(p.Examples)
	w.values("Constants", p.Consts)
	w.values("Variables", p.Vars)
	if len(p.Funcs) > 0 {
		w.WriteString("## Functions\n\n")
		for _, f := range p.Funcs {
			fmt.Fprintf(w, "### %s\n\n", f.Name)
			w.function(f)
		}
	}
	if len(p.Types) > 0 {
		w.WriteString("## Types\n\n")
		for _, t := range p.Types {
			w.typeOf(t)
		}
	}
	return strings.TrimRight(w.String(), "\n") + "\n", w.err
}

// text writes a doc comment.
func (w *page) text(comment string) {
	w.Write(w.comments.Markdown(w.Parser().Parse(comment)))
	w.WriteString("\n")
}

// code writes a declaration without its body.
func (w *page) code(declaration ast.Decl) {
	if f, is := declaration.(*ast.FuncDecl); is {
		f.Body, f.Doc = nil, nil
	}
	if g, is := declaration.(*ast.GenDecl); is {
		g.Doc = nil
	}
	w.WriteString("```go\n")
	if err := format.Node(w, w.fset, declaration); err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", w.dir, err)
	}
	w.WriteString("\n```\n\n")
}

func (w *page) values(title string, values []*doc.Value) {
	if len(values) > 0 {
		fmt.Fprintf(w, "## %s\n\n", title)
	}
	w.groups(values)
}

func (w *page) groups(values []*doc.Value) {
	for _, v := range values {
		w.code(v.Decl)
		w.text(v.Doc)
	}
}

func (w *page) function(f *doc.Func) {
	w.code(f.Decl)
	w.text(f.Doc)
	w.examples(f.Examples)
}

// typeOf writes a type, what makes it, and its methods.
func (w *page) typeOf(t *doc.Type) {
	fmt.Fprintf(w, "### %s\n\n", t.Name)
	w.code(t.Decl)
	w.text(t.Doc)
	w.examples(t.Examples)
	w.groups(t.Consts)
	w.groups(t.Vars)
	for _, f := range t.Funcs {
		fmt.Fprintf(w, "#### %s\n\n", f.Name)
		w.function(f)
	}
	for _, m := range t.Methods {
		w.function(m)
	}
}

// examples links to the code of examples.
func (w *page) examples(examples []*doc.Example) {
	var links []string
	for _, e := range examples {
		position := w.fset.Position(e.Code.Pos())
		file := path.Join(w.dir, path.Base(strings.ReplaceAll(position.Filename, "\\", "/")))
		name := e.Suffix
		if name == "" {
			name = path.Base(file)
		}
		links = append(links, fmt.Sprintf("[%s](../../%s)", name, file))
	}
	if len(links) > 0 {
		fmt.Fprintf(w, "Example: %s.\n\n", strings.Join(links, ", "))
	}
}

// linkTo is where a name in brackets leads: to a page here, or to pkg.go.dev.
func (w *page) linkTo(link *comment.DocLink) string {
	importPath, target := link.ImportPath, ""
	if importPath == "" {
		importPath = w.ImportPath
	} else if dir, own := within(importPath); own {
		target = fileOf(dir)
	} else {
		return link.DefaultURL("https://pkg.go.dev")
	}
	name := link.Name
	if link.Recv != "" {
		name = link.Recv
	}
	if heading := w.headings[importPath+"."+name]; heading != "" {
		target += "#" + heading
	}
	return target
}

// within is a package's path within the repository.
func within(importPath string) (dir string, own bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}
