package contextd

import (
	"context"
	"net/http"
	"strconv"

	"github.com/metertree/metertree/collect/retrieval"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
)

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

// leastScore is what a chunk has to score above to be found.
const leastScore = 0.02

func (s *Service) getSearch(w http.ResponseWriter, r *http.Request, c *call) error {
	query := r.URL.Query()
	limit := defaultHits
	if given := query.Get("limit"); given != "" {
		var err error
		if limit, err = strconv.Atoi(given); err != nil || limit < 1 || limit > maxHits {
			return refuse(http.StatusBadRequest, "limit %q: give a number from 1 to %d", given, maxHits)
		}
	}
	hits, err := s.search(r.Context(), c, query.Get("q"), limit)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		Hits []found `json:"hits"`
	}{hits})
	return nil
}

// search finds the chunks of the account that are nearest to a question.
func (s *Service) search(ctx context.Context, c *call, question string, limit int) ([]found, error) {
	if question == "" || len(question) > maxQuestionBytes {
		return nil, refuse(http.StatusBadRequest, "question has %d bytes: give 1 to %d", len(question), maxQuestionBytes)
	}
	search := s.finds.Started(c.name)
	hits, candidates, err := s.nearest(ctx, c, question, limit)
	search.Done(candidates, err)
	c.searches++
	c.candidates = candidates
	return hits, err
}

func (s *Service) nearest(ctx context.Context, c *call, question string, limit int) ([]found, retrieval.Candidates, error) {
	var candidates retrieval.Candidates
	vectors, tokens, err := c.model.Embed(ctx, embedding.Query, []string{question})
	c.embeddingTokens += tokens
	if err != nil {
		return nil, candidates, err
	}
	hits, seen, err := s.store.Search(ctx, c.Name, vectors[0], leastScore, limit)
	candidates = retrieval.Candidates{Scanned: seen.Scanned, Scored: seen.Scanned, Passed: seen.Passed}
	if err != nil {
		return nil, candidates, err
	}
	results := make([]found, 0, len(hits))
	for _, h := range hits {
		text, err := s.vault.Open(c.Name, h.Sealed, place(h.Document, h.Version, h.Chunk))
		if err != nil {
			return nil, candidates, err
		}
		results = append(results, found{h.Document, h.Title, h.Score, string(text)})
	}
	candidates.Returned = len(results)
	return results, candidates, nil
}
