//go:build !metertree_off

package meter

// compiled is whether instruments record at all. It is a constant, so that with
// the tag metertree_off the compiler removes what it guards; without the tag it
// removes the guard.
const compiled = true
