package demo

import (
	"context"
	"net/url"
	"strconv"

	"github.com/metertree/metertree/examples/contextd"
	"github.com/metertree/metertree/stats"
)

// mostChanges is how many changes can be asked for at once.
const mostChanges = 1000

// audit answers with the latest changes that accounts have made.
func audit(service *contextd.Service) stats.Query {
	return stats.Query{
		Name: "audit",
		Help: "The latest changes that accounts have made, the newest first.",
		Parameters: []stats.Parameter{{
			Name: "limit", Help: "how many changes, at most 1000", Default: "100", Check: stats.Between(1, mostChanges),
		}},
		Run: func(ctx context.Context, parameters url.Values) (any, error) {
			limit, err := strconv.Atoi(parameters.Get("limit"))
			if err != nil {
				return nil, stats.BadParameter("limit: %w", err)
			}
			return service.Audit(ctx, limit)
		},
	}
}
