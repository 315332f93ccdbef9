package incident

import "fmt"

// Incident is something that can go wrong.
type Incident struct {
	// Kind is its name and the value of the label kind.
	Kind string
	// Begin lets it happen for the nth time, counted from 0. It returns a sentence
	// that says what happens and where to see it, and what ends it.
	Begin func(n int) (what string, end func(), err error)
}

// Shards is a store whose shards can fail; contextd.Service is one.
type Shards interface {
	FailShard(shard int) (restore func(), err error)
}

// ShardFailure makes the flushes of one shard fail: another one each time, of the
// given number.
func ShardFailure(store Shards, shards int) Incident {
	return Incident{Kind: "shard_failure", Begin: func(n int) (string, func(), error) {
		shard := (2 + n) % shards
		restore, err := store.FailShard(shard)
		what := fmt.Sprintf("flushes of shard %d fail: look at contextd_buffer_flushes_total by bucket and status, contextd_buffer_immutable_bytes and contextd_queue_depth", shard)
		return what, restore, err
	}}
}

// Rates are the rates at which accounts make requests; load.Generator has them.
type Rates interface {
	Multiply(account string, factor float64) (restore func(), err error)
}

// floodFactor is by how much a flooding tenant's rate grows.
const floodFactor = 15

// TenantFlood makes one account send many times its usual requests: the next of
// the given accounts each time.
func TenantFlood(load Rates, accounts ...string) Incident {
	return Incident{Kind: "tenant_flood", Begin: func(n int) (string, func(), error) {
		account := accounts[n%len(accounts)]
		restore, err := load.Multiply(account, floodFactor)
		what := fmt.Sprintf("tenant %s sends %d times as much: look at contextd_tenant_operations_total by account_id and status", account, floodFactor)
		return what, restore, err
	}}
}
