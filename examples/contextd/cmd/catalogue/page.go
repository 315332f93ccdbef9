package main

import (
	"fmt"
	"strings"
)

const introduction = `# Catalogue of metrics

Every metric that the library can define, and every one of the example service
contextd, which uses all of it. The tables are made from the definitions: do not
edit them, run ` + "`make docs`" + `.

The owner is the package whose documentation says more. A histogram is exposed
as ` + "`_bucket`, `_sum` and `_count`" + `; an updowncounter as a gauge.

`

const ofLibrary = `## The library

` + "`scope_`" + ` stands for the scope that a program gives; the segment behind it, such as
` + "`queue_`" + `, is the program's choice too, and the usual one here. The others have
these names in every program. Those of the process are Linux's.

`

const ofService = `## contextd

What [contextd](../examples/contextd/doc.go) adds. ` + "`account_id`" + ` is subject to the
tenant guard.

`

// page is the catalogue in Markdown.
func page(library, service []entry) string {
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString(ofLibrary)
	table(&b, library)
	b.WriteString("\n")
	b.WriteString(ofService)
	table(&b, service)
	return b.String()
}

func table(b *strings.Builder, entries []entry) {
	b.WriteString("| metric | type | unit | labels | owner | help |\n|---|---|---|---|---|---|\n")
	for _, e := range entries {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n",
			e.Name, e.Kind, e.Unit, strings.Join(e.AllKeys(), ", "), e.owner, strings.ReplaceAll(e.Help, "|", `\|`))
	}
}
