package encryption_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/encryption"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := encryption.New(meter.New(reg).Scope("encryption"))
	if err != nil {
		fmt.Println(err)
		return
	}
	invert := func(operation encryption.Operation) func(context.Context, []byte) ([]byte, error) {
		return func(_ context.Context, value []byte) ([]byte, error) {
			call := meters.Started(operation)
			// A real program encrypts here.
			for i := range value {
				value[i] = ^value[i]
			}
			call.Done(len(value), nil)
			return value, nil
		}
	}
	check := encryption.RoundTrip(invert(encryption.Encrypt), invert(encryption.Decrypt))
	fmt.Println("encryption works:", check(context.Background()) == nil)
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "encryption_operations_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output:
	// encryption works: true
	// operation="decrypt",status="ok" 1
	// operation="encrypt",status="ok" 1
}
