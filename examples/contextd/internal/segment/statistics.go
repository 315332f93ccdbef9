package segment

// ShardStatistics are what a shard holds, and what it has done since the store
// was made.
type ShardStatistics struct {
	Segments             int
	LiveBytes, DeadBytes int
	// Appended and Failed are batches that were handed to the shard.
	Appended, Failed int64
	// Rewrites are segments whose few readable documents were moved.
	Rewrites int64
}

// Statistics returns what the shards tell, in their order.
func (s *Store) Statistics() []ShardStatistics {
	all := make([]ShardStatistics, len(s.shards))
	for i, sh := range s.shards {
		all[i] = sh.statistics()
	}
	return all
}

// Documents calls each with every account and how many documents of it can be
// read.
func (s *Store) Documents(each func(account string, documents int)) {
	for name, a := range s.accounts {
		each(name, a.count())
	}
}
