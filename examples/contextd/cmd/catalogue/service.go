package main

import (
	"context"
	"errors"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/examples/contextd"
	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/examples/contextd/load"
	"github.com/metertree/metertree/meter"
)

// recordService lets the context service, its load and its incidents begin, and
// end at once.
func recordService(ctx context.Context) ([]entry, error) {
	r := newRecorder()
	root := meter.New(r.Registry)
	refresher, err := collect.NewRefresher(collect.Options{Scope: root})
	if err != nil {
		return nil, err
	}
	service, err := contextd.New(contextd.Config{Scope: root, Refresher: refresher})
	if err != nil {
		return nil, err
	}
	scope := root.Scope("contextd")
	_, loadErr := load.New(load.Config{BaseURL: "http://contextd.example", Scope: scope})
	over, end := context.WithCancel(ctx)
	end()
	err = errors.Join(loadErr, incident.Run(over, incident.Config{Scope: scope}), service.Run(over), refresher.Close(ctx))
	var own []entry
	for _, e := range r.sorted() {
		if len(e.Scope) > 0 && e.Scope[0] == "contextd" {
			own = append(own, e)
		}
	}
	return own, err
}
