//go:build metertree_off

package meter

// compiled is whether instruments record at all. Nothing that it guards is left
// in this build.
const compiled = false
