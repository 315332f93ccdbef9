package prom

import (
	"context"

	"github.com/metertree/metertree/tree"
	"github.com/prometheus/prometheus/scrape"
)

// TreeSource presents what the node stores as a metric tree.
func (n *Node) TreeSource(options TreeSourceOptions) *TreeSource {
	return NewTreeSource(n.engine, n.db, n.treeMetadata, options)
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
