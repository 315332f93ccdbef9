package doctest

import (
	"os/exec"
	"strings"
	"testing"
)

// complete reports whether a shell would run the text as it stands, instead of
// asking for another line.
func complete(text string) bool {
	if strings.HasSuffix(text, "\\") {
		return false
	}
	complaint, err := exec.Command("bash", "-n", "-c", text).CombinedOutput()
	// A document without its end is only warned of.
	return err == nil && len(complaint) == 0
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"a b": true, "a |": false, "a \\": false, "a 'b": false, "if a; then": false, "a <<E\nb": false, "a <<E\nb\nE": true, "a # b |": true,
	} {
		if complete(text) != want {
			t.Errorf("complete(%q) is not %v", text, want)
		}
	}
}
