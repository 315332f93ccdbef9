package pushtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// Progress repeats a step until something that an exporter counts has grown by
// three. It fails the test after 20 seconds.
func Progress(t testing.TB, count func() uint64, step func()) {
	t.Helper()
	before := count()
	err := realserver.Eventually(t.Context(), 20*time.Second, func(context.Context) error {
		step()
		if count() < before+3 {
			return errors.New("not counted")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
