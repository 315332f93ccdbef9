package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// description is that of one package, a line for each thing that a program can
// rely on: what it is called by, what it is, and its type. Names of parameters are
// no part of it.
type description struct {
	root  string // path of the repository's root module
	home  *types.Package
	name  string
	lines []string
}

// add adds a line "pkg.Name kind text".
func (d *description) add(name, kind, text string) {
	at := d.name
	if name != "" {
		at += "." + name
	}
	d.lines = append(d.lines, strings.TrimSpace(at+" "+kind+" "+text))
}

func (d *description) object(object types.Object) {
	switch o := object.(type) {
	case *types.Const:
		d.add(o.Name(), "const", d.typeText(o.Type())+" = "+o.Val().ExactString())
	case *types.Var:
		d.add(o.Name(), "var", d.typeText(o.Type()))
	case *types.Func:
		d.add(o.Name(), "func", d.signature(o))
	case *types.TypeName:
		if o.IsAlias() {
			d.add(o.Name(), "alias", d.typeText(types.Unalias(o.Type())))
			return
		}
		d.named(o)
	}
}

// named describes a type by its form, fields and methods.
func (d *description) named(o *types.TypeName) {
	named := o.Type().(*types.Named)
	name := o.Name()
	parameters := d.parameters(named.TypeParams())
	switch under := named.Underlying().(type) {
	case *types.Struct:
		d.add(name, "type", parameters+"struct")
		d.fields(name, under)
		if types.Comparable(named) && usedAsValue(named) {
			d.add(name, "comparable", "")
		}
	case *types.Interface:
		d.iface(name, parameters, under)
		return
	default:
		d.add(name, "type", parameters+d.typeText(under))
	}
	d.methods(name, named)
}

// usedAsValue reports whether no method of the type needs a pointer. What is used
// through pointers is not compared, and may change within.
func usedAsValue(named *types.Named) bool {
	return types.NewMethodSet(types.NewPointer(named)).Len() == types.NewMethodSet(named).Len()
}

// iface describes an interface. One that others can implement is a line, because
// a method more breaks them; of one that they cannot, each method is.
func (d *description) iface(name, parameters string, under *types.Interface) {
	sealed := false
	for method := range under.Methods() {
		sealed = sealed || !method.Exported()
	}
	if !sealed {
		d.add(name, "type", parameters+d.typeText(under))
		return
	}
	d.add(name, "type", parameters+"interface, sealed")
	for method := range under.Methods() {
		if method.Exported() {
			d.add(name+"."+method.Name(), "method", d.signature(method))
		}
	}
}

// fields describes the fields of a struct, and those that it has through structs
// which are embedded in it and cannot be named.
func (d *description) fields(name string, s *types.Struct) {
	for i := range s.NumFields() {
		field := s.Field(i)
		if field.Exported() {
			kind := "field"
			if field.Embedded() {
				kind = "embeds"
			}
			text := d.typeText(field.Type())
			if tag := s.Tag(i); tag != "" {
				text += " `" + tag + "`"
			}
			d.add(name+"."+field.Name(), kind, text)
			continue
		}
		if inner, is := structOf(field.Type()); field.Embedded() && is {
			d.fields(name, inner)
		}
	}
}

func structOf(t types.Type) (*types.Struct, bool) {
	if pointer, is := t.Underlying().(*types.Pointer); is {
		t = pointer.Elem()
	}
	s, is := t.Underlying().(*types.Struct)
	return s, is
}

// methods describes the methods of a type, with a star for those that need a
// pointer.
func (d *description) methods(name string, named *types.Named) {
	ofValue := types.NewMethodSet(named)
	for selection := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		method := selection.Obj().(*types.Func)
		if !method.Exported() {
			continue
		}
		kind := "method"
		if ofValue.Lookup(method.Pkg(), method.Name()) == nil {
			kind = "method*"
		}
		d.add(name+"."+method.Name(), kind, d.signature(selection))
	}
}

// signature is the type of a function or a method, without the word func.
func (d *description) signature(f interface{ Type() types.Type }) string {
	s := f.Type().(*types.Signature)
	return d.parameters(s.TypeParams()) + strings.TrimPrefix(d.typeText(s), "func")
}

// parameters are those of a type or function, in brackets, or nothing.
func (d *description) parameters(list *types.TypeParamList) string {
	var each []string
	for p := range list.TypeParams() {
		each = append(each, p.Obj().Name()+" "+d.typeText(p.Constraint()))
	}
	if len(each) == 0 {
		return ""
	}
	return "[" + strings.Join(each, ", ") + "] "
}

func (d *description) typeText(t types.Type) string {
	return types.TypeString(withoutNames(t), func(p *types.Package) string {
		if p == d.home {
			return ""
		}
		return nameOf(p.Path(), d.root)
	})
}

// withoutNames returns the type without the names of its functions' parameters,
// which nobody calls them by.
func withoutNames(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Pointer:
		return types.NewPointer(withoutNames(t.Elem()))
	case *types.Slice:
		return types.NewSlice(withoutNames(t.Elem()))
	case *types.Array:
		return types.NewArray(withoutNames(t.Elem()), t.Len())
	case *types.Map:
		return types.NewMap(withoutNames(t.Key()), withoutNames(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), withoutNames(t.Elem()))
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, tuple(t.Params()), tuple(t.Results()), t.Variadic())
	case *types.Interface:
		return interfaceOf(t)
	}
	return t
}

func tuple(of *types.Tuple) *types.Tuple {
	var each []*types.Var
	for v := range of.Variables() {
		each = append(each, types.NewParam(v.Pos(), v.Pkg(), "", withoutNames(v.Type())))
	}
	return types.NewTuple(each...)
}

// interfaceOf has all methods, those of what is embedded too. A constraint stays
// as it is written.
func interfaceOf(t *types.Interface) *types.Interface {
	if !t.IsMethodSet() {
		return t
	}
	var methods []*types.Func
	for m := range t.Methods() {
		methods = append(methods, types.NewFunc(m.Pos(), m.Pkg(), m.Name(), withoutNames(m.Type()).(*types.Signature)))
	}
	slices.SortFunc(methods, func(a, b *types.Func) int { return strings.Compare(a.Name(), b.Name()) })
	return types.NewInterfaceType(methods, nil).Complete()
}

// identifier is what a line is about, such as "meter.Scope.Counter".
func identifier(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}

// differences are the lines that only one of two surfaces has, sorted by what
// they are about, - for those of the first and + for those of the second.
func differences(before, after []string) []string {
	var lines []string
	for _, line := range without(before, after) {
		lines = append(lines, "- "+line)
	}
	for _, line := range without(after, before) {
		lines = append(lines, "+ "+line)
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(identifier(a[2:]), identifier(b[2:])) })
	return lines
}

// without returns the lines that the other surface does not have.
func without(lines, other []string) (only []string) {
	have := map[string]bool{}
	for _, line := range other {
		have[line] = true
	}
	for _, line := range lines {
		if !have[line] {
			only = append(only, line)
		}
	}
	return only
}

// breaks are the lines of a release that are not there any more, as a sentence
// each with what is there instead.
func breaks(released, now []string) map[string]string {
	instead := map[string]string{}
	for _, line := range without(now, released) {
		instead[identifier(line)] = line
	}
	found := map[string]string{}
	for _, line := range without(released, now) {
		about := identifier(line)
		if is := instead[about]; is != "" {
			found[about] = fmt.Sprintf("%s: was %q, is %q", about, line, is)
		} else if found[about] == "" {
			found[about] = fmt.Sprintf("%s: is gone, was %q", about, line)
		}
	}
	return found
}
