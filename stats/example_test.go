package stats_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/metertree/metertree/stats"
)

func ExampleRegistry_Add() {
	queries := stats.New(stats.Options{})
	err := queries.Add(stats.Query{
		Name: "oldest-session",
		Help: "The session that is open for longest.",
		Parameters: []stats.Parameter{
			{Name: "state", Help: "idle or busy", Default: "idle", Check: stats.OneOf("idle", "busy")},
		},
		Run: func(_ context.Context, parameters url.Values) (any, error) {
			return map[string]any{"state": parameters.Get("state"), "age_seconds": 86400}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := httptest.NewRecorder()
	queries.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/oldest-session", nil))
	fmt.Print(answer.Body)
	// Output:
	// {
	//   "age_seconds": 86400,
	//   "state": "idle"
	// }
}
