package observer_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/metertree/metertree/observer"
)

// The health of a store is that of its last five minutes.
func ExampleWindow() {
	flushes, err := observer.NewWindow(observer.WindowOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	components := observer.New(observer.Options{})
	remove, err := components.Add("store", flushes.Observe)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()

	for i := range 100 {
		var failed error
		if i%8 == 0 {
			failed = errors.New("disk full")
		}
		flushes.Record(failed)
	}
	store, _ := components.Component(context.Background(), "store")
	fmt.Printf("%s: %s (%s)\n", store.Health, store.State, store.LastError)
	// Output: degraded: 13 of 100 failed in the last 5m0s (disk full)
}

func ExampleRegistry_Add() {
	components := observer.New(observer.Options{Service: "checkout"})
	var flusher observer.Reported
	remove, err := components.Add("flusher", flusher.Observe)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()

	flusher.Set(observer.Failing(errors.New("table is read-only")))
	for _, c := range components.Components(context.Background()) {
		fmt.Println(c.Name, c.Health, c.LastError)
	}
	// Output: flusher down table is read-only
}
