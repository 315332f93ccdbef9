package prom

import (
	"context"
	"sync"

	"github.com/metertree/metertree/tree"
	"github.com/prometheus/prometheus/scrape"
)

// TreeSource presents what the node stores as a metric tree, until it is closed.
func (n *Node) TreeSource(options TreeSourceOptions) *TreeSource {
	s := NewTreeSource(n.queries, n.db, n.treeMetadata, options)
	n.trees.add(s)
	return s
}

// treeSources are those that end with the node. The zero value is ready.
type treeSources struct {
	mu  sync.Mutex
	all []*TreeSource
}

func (t *treeSources) add(s *TreeSource) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, s)
}

// close ends what they do in the background.
func (t *treeSources) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.all {
		s.Close()
	}
}

// treeMetadata is what targets and senders declare about their families. Where
// they disagree, a target's word goes before a sender's.
func (n *Node) treeMetadata(context.Context) map[string]tree.Metadata {
	declared := make(map[string]tree.Metadata)
	declare := func(list []scrape.MetricMetadata) {
		for _, m := range list {
			declared[m.MetricFamily] = tree.Metadata{Kind: tree.ParseKind(string(m.Type)), Unit: m.Unit, Help: m.Help}
		}
	}
	declare(n.pushed.ListMetadata())
	for _, targets := range n.scraper.manager.TargetsActive() {
		for _, target := range targets {
			declare(target.ListMetadata())
		}
	}
	return declared
}
