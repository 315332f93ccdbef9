package pushtest

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/metertree/metertree/export"
)

// Secret is in no error.
const Secret = "s3cret"

// Failure is how an export has to fail.
type Failure struct {
	// Contains is what the error has to say.
	Contains string
	// Rejected says whether the backend will never take some of the batch.
	Rejected bool
}

// Check reports what is wrong with an error of Export.
func (want Failure) Check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil || !strings.Contains(err.Error(), want.Contains) || strings.Contains(err.Error(), Secret):
		t.Errorf("error is %v, want one with %q and no secret", err, want.Contains)
	case errors.Is(err, export.ErrRejected) != want.Rejected:
		t.Errorf("rejected is not %t: %v", want.Rejected, err)
	case strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }):
		t.Errorf("error has characters that do not print: %q", err)
	}
}
