package observer_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/metertree/metertree/observer"
)

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
