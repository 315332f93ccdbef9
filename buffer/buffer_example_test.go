package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/buffer"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	b, err := buffer.New(buffer.Config[string]{
		Flush: func(_ context.Context, batch buffer.Batch[string]) error {
			for _, r := range batch.Records {
				fmt.Println("store", r.Key, r.Item)
			}
			return nil
		},
		Failed: func(batch buffer.Batch[string], err error) {
			fmt.Println("keep for later:", len(batch.Records), "records:", err)
		},
		Size:     func(item string) int { return len(item) },
		Shards:   2,
		Scope:    meter.New(reg).Scope("storage"),
		Position: buffer.Position{Module: "index", Database: "products"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, item := range []string{"red", "green", "blue"} {
		if err := b.Put(ctx, "colour", item); err != nil {
			fmt.Println(err)
		}
	}
	if err := b.Close(ctx); err != nil {
		fmt.Println(err)
	}
	for family := range reg.Collect(ctx) {
		if family.Descriptor.Name != "storage_buffer_flush_bytes_total" {
			continue
		}
		for point := range family.Points {
			if point.Int > 0 {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output:
	// store colour red
	// store colour green
	// store colour blue
	// block="",bucket="1",database="products",module="index",segment="",shard="",status="ok" 12
}

func ExamplePermanent() {
	errSchema := errors.New("no such column")
	b, err := buffer.New(buffer.Config[string]{
		Flush: func(context.Context, buffer.Batch[string]) error {
			return buffer.Permanent(errSchema)
		},
		Failed: func(batch buffer.Batch[string], err error) {
			fmt.Println("given back:", batch.Records[0].Item)
		},
		Size: func(item string) int { return len(item) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := b.Put(ctx, "colour", "red"); err != nil {
		fmt.Println(err)
	}
	var failed *buffer.BatchError
	if err := b.Close(ctx); errors.As(err, &failed) {
		fmt.Println(failed.Attempts, "attempt:", failed.Err, errors.Is(err, errSchema))
	}
	// Output:
	// given back: red
	// 1 attempt: no such column true
}
