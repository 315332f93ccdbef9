package export_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/export"
)

func ExampleRetry() {
	policy := export.Retry{Attempts: 3, Initial: time.Millisecond}
	attempts := 0
	err := policy.Do(context.Background(), func(context.Context) error {
		attempts++
		if attempts == 1 {
			return errors.New("connection refused")
		}
		return export.Rejected(errors.New("400 Bad Request"))
	})
	fmt.Println(attempts, err)
	// Output: 2 rejected by the backend: 400 Bad Request
}
