package contextd

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/meter"
)

// searchMeters are the meters of retrieval.
type searchMeters struct {
	searches, returned, scanned meter.Counter
	duration                    meter.Histogram
}

func newSearchMeters(scope meter.Scope) (m searchMeters, err error) {
	var errs [4]error
	m.searches, errs[0] = scope.NewCounter("requests_total", meter.Keys("operation", "status"),
		meter.Help("Searches, from the search route or for a message of a session."))
	m.duration, errs[1] = scope.NewHistogram("duration_seconds", meter.Unit("seconds"), meter.Keys("operation"),
		meter.Help("Time of a search, embedding of the question included."))
	m.scanned, errs[2] = scope.NewCounter("vectors_scanned_total", meter.Help("Vectors compared with a question."))
	m.returned, errs[3] = scope.NewCounter("vectors_returned_total", meter.Help("Vectors whose chunks were returned."))
	return m, errors.Join(errs[:]...)
}

// found is a chunk near a question.
type found struct {
	Document string  `json:"document"`
	Title    string  `json:"title,omitempty"`
	Score    float32 `json:"score"`
	Text     string  `json:"text"`
}

// Bounds of a search.
const (
	defaultHits      = 5
	maxHits          = 50
	maxQuestionBytes = 2000
)

func (s *Service) getSearch(w http.ResponseWriter, r *http.Request, t *tenant) error {
	query := r.URL.Query()
	limit := defaultHits
	if given := query.Get("limit"); given != "" {
		var err error
		if limit, err = strconv.Atoi(given); err != nil || limit < 1 || limit > maxHits {
			return refuse(http.StatusBadRequest, "limit %q: give a number from 1 to %d", given, maxHits)
		}
	}
	hits, err := s.search(r.Context(), t, "query", query.Get("q"), limit)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		Hits []found `json:"hits"`
	}{hits})
	return nil
}

// search finds the chunks of the account that are nearest to a question.
func (s *Service) search(ctx context.Context, t *tenant, operation, question string, limit int) ([]found, error) {
	if question == "" || len(question) > maxQuestionBytes {
		return nil, refuse(http.StatusBadRequest, "question has %d bytes: give 1 to %d", len(question), maxQuestionBytes)
	}
	start := time.Now()
	hits, err := s.nearest(ctx, t, question, limit)
	status := "ok"
	if err != nil {
		status = "error"
	}
	s.finds.searches.Inc(operation, status)
	s.finds.duration.ObserveSince(start, operation)
	return hits, err
}

func (s *Service) nearest(ctx context.Context, t *tenant, question string, limit int) ([]found, error) {
	vectors, err := t.model.Embed(ctx, embedding.Query, []string{question})
	if err != nil {
		return nil, err
	}
	hits, scanned, err := s.store.Search(ctx, t.Name, vectors[0], limit)
	s.finds.scanned.Add(int64(scanned))
	if err != nil {
		return nil, err
	}
	results := make([]found, 0, len(hits))
	for _, h := range hits {
		text, err := s.vault.Open(t.Name, h.Sealed, place(h.Document, h.Version, h.Chunk))
		if err != nil {
			return nil, err
		}
		results = append(results, found{h.Document, h.Title, h.Score, string(text)})
	}
	s.finds.returned.Add(int64(len(results)))
	return results, nil
}
