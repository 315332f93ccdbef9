package main

import (
	"fmt"
	"strings"
)

// variants are other forms in which the library is built: on systems and
// processors with code of their own, and with the tags that it documents.
var variants = []variant{
	{os: "linux", arch: "386"},
	{os: "windows", arch: "amd64"},
	{os: "darwin", arch: "arm64"},
	{os: "linux", arch: "amd64", tags: "metertree_off"},
	{os: "linux", arch: "amd64", tags: "metertree_portable"},
}

// sameEverywhere holds the API of the root module to be the same in every form.
func (r *repository) sameEverywhere(p part) error {
	for _, v := range variants {
		there, err := surface(r.path, r.root, v)
		if err != nil {
			return err
		}
		if changed := differences(p.now, there); len(changed) > 0 {
			return fmt.Errorf("the API is another one for %s (- %s, + %s):\n%s", v, target, v, strings.Join(changed, "\n"))
		}
	}
	return nil
}
