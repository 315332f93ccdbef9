package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mounts is where the routes of a package begin that is mounted below a path.
var mounts = map[string]string{"observer": "/api/v1/observer", "stats": "/api/v1/stats"}

// undocumented serve something else than users.
var undocumented = []string{"benchmarks", "examples"}

// TestRoutesAreDocumented finds the routes in the code, and looks for each on the
// page.
func TestRoutesAreDocumented(t *testing.T) {
	documented := documentedRoutes(t)
	seen := map[string]bool{}
	for _, dir := range packageDirectories(t) {
		relative, err := filepath.Rel(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.ToSlash(relative)
		if slices.Contains(undocumented, strings.Split(name, "/")[0]) {
			continue
		}
		for _, pattern := range routesIn(t, dir) {
			route := routeOf(pattern, mounts[name])
			seen[route] = true
			if !slices.ContainsFunc(documented, func(d string) bool { return covers(d, route) }) {
				t.Errorf("%s registers %q, which http-api.md does not have", name, route)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("%d routes are found in the code: %q", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

// covers reports whether the page has a route. One without a method is any, and one
// that ends in a slash is of all that is below it, for which others answer.
func covers(documented, route string) bool {
	if strings.HasPrefix(route, "/") {
		_, documented, _ = strings.Cut(documented, " ")
		return documented == route || strings.HasSuffix(route, "/") && strings.HasPrefix(documented, route)
	}
	return documented == route
}

var routeCell = regexp.MustCompile("(?m)^\\| `((?:GET|POST|PUT|DELETE) /[^`]*)` \\|")

func documentedRoutes(t *testing.T) (routes []string) {
	t.Helper()
	for _, match := range routeCell.FindAllStringSubmatch(read(t, "http-api.md"), -1) {
		routes = append(routes, match[1])
	}
	return routes
}

// routeOf is a pattern of http.ServeMux as the page has it.
func routeOf(pattern, mount string) string {
	pattern = strings.TrimSuffix(pattern, "{$}")
	if method, path, found := strings.Cut(pattern, " "); found {
		return method + " " + mount + path
	}
	return mount + pattern
}

// packageDirectories are those that have Go files.
func packageDirectories(t *testing.T) []string {
	t.Helper()
	directories := map[string]bool{}
	for _, file := range goFiles(t) {
		directories[filepath.Dir(file)] = true
	}
	return slices.Sorted(maps.Keys(directories))
}

// routesIn are the patterns that a package registers with a mux.
func routesIn(t *testing.T, dir string) (patterns []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*ast.File
	words := map[string][]string{"MethodPost": {"POST"}, "MethodPut": {"PUT"}, "MethodDelete": {"DELETE"}}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, tree)
		ast.Inspect(tree, func(n ast.Node) bool { learn(words, n); return true })
	}
	for _, tree := range parsed {
		ast.Inspect(tree, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) != 2 {
				return true
			}
			if method, is := call.Fun.(*ast.SelectorExpr); is && (method.Sel.Name == "Handle" || method.Sel.Name == "HandleFunc") {
				values, err := valuesOf(call.Args[0], words)
				if err != nil {
					if method.Sel.Name == "HandleFunc" || isMux(method.X) {
						t.Errorf("%s: the pattern of a route cannot be read: %v", dir, err)
					}
					return true
				}
				patterns = append(patterns, values...)
			}
			return true
		})
	}
	return patterns
}

// isMux tells a mux from what else has a method Handle, by its name.
func isMux(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "mux"
	case *ast.SelectorExpr:
		return x.Sel.Name == "mux"
	}
	return false
}

// learn notes what the names of constants and of variables of loops stand for, and
// what a function without parameters returns.
func learn(words map[string][]string, n ast.Node) {
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				if values, err := valuesOf(n.Values[i], words); err == nil {
					words[name.Name] = values
				}
			}
		}
	case *ast.FuncDecl:
		if n.Body != nil && len(n.Body.List) == 1 && len(n.Type.Params.List) == 0 {
			if result, is := n.Body.List[0].(*ast.ReturnStmt); is && len(result.Results) == 1 {
				if values, err := valuesOf(result.Results[0], words); err == nil {
					words[n.Name.Name] = values
				}
			}
		}
	case *ast.RangeStmt:
		values, err := valuesOf(n.X, words)
		if key, is := n.Key.(*ast.Ident); is && err == nil && key.Name != "_" {
			words[key.Name] = values
		}
		if value, is := n.Value.(*ast.Ident); is && err == nil {
			words[value.Name] = values
		}
	}
}

// valuesOf are the texts that an expression may be.
func valuesOf(x ast.Expr, words map[string][]string) (values []string, err error) {
	switch x := x.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(x.Value)
		return []string{text}, err
	case *ast.Ident:
		if known := words[x.Name]; known != nil {
			return known, nil
		}
	case *ast.SelectorExpr:
		if known := words[x.Sel.Name]; known != nil {
			return known, nil
		}
	case *ast.CallExpr:
		return valuesOf(x.Fun, words)
	case *ast.BinaryExpr:
		left, err := valuesOf(x.X, words)
		if err != nil {
			return nil, err
		}
		right, err := valuesOf(x.Y, words)
		for _, l := range left {
			for _, r := range right {
				values = append(values, l+r)
			}
		}
		return values, err
	case *ast.CompositeLit:
		for _, element := range x.Elts {
			if pair, is := element.(*ast.KeyValueExpr); is {
				element = pair.Key
			}
			one, err := valuesOf(element, words)
			if err != nil {
				return nil, err
			}
			values = append(values, one...)
		}
		return values, nil
	}
	return nil, fmt.Errorf("%T is no text that is known", x)
}
