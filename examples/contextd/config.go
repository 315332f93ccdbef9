package contextd

import (
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
)

// Account is a tenant of the service.
type Account struct {
	// Name is part of the account's URLs and the value of the label account_id.
	Name string
	// Model names the embedding model of the account's documents: one of Models.
	Model string
	// RequestsPerSecond bounds the account's requests; 0 means
	// DefaultRequestsPerSecond.
	RequestsPerSecond float64
}

// The embedding models that an account can have, and the language model that
// writes for all.
const (
	SmallModel  = "embed-small"
	LargeModel  = "embed-large"
	WriterModel = "writer"
)

// DemoAccounts are the accounts that a Config without any has.
func DemoAccounts() []Account {
	return []Account{
		{Name: "aurora", Model: LargeModel},
		{Name: "borealis", Model: SmallModel},
		{Name: "cascade", Model: SmallModel},
		{Name: "dune", Model: LargeModel},
	}
}

// What a Config's zero fields mean.
const (
	DefaultRequestsPerSecond = 120
	DefaultShards            = 4
	DefaultWorkers           = 8
	DefaultQueueCapacity     = 128
	DefaultBufferBytes       = 448 << 10
	DefaultSegmentBytes      = 512 << 10
	DefaultFlushInterval     = 500 * time.Millisecond
	DefaultModelLatency      = 12 * time.Millisecond
	DefaultReadLatency       = 2 * time.Millisecond
	DefaultHealthInterval    = 5 * time.Second
	DefaultDrainTimeout      = 3 * time.Second
)

// Config describes a service; the zero value is a useful one without metrics.
type Config struct {
	// Scope is where the metrics are defined, below "contextd". A scope can have
	// one service.
	Scope meter.Scope
	// Refresher reads what is metered at collections only, and its Close ends
	// that; it belongs to the registry of Scope. nil leaves those metrics out.
	Refresher *collect.Refresher
	// Logger gets what the service has to say; nil discards it.
	Logger *slog.Logger
	// Accounts are the tenants; none means DemoAccounts.
	Accounts []Account

	// Shards is the number of shards of the write buffer and of the store.
	Shards int
	// Workers is how many documents are ingested at once.
	Workers int
	// QueueCapacity is how many documents may wait for a worker.
	QueueCapacity int
	// BufferBytes bounds what the write buffer holds.
	BufferBytes int64
	// SegmentBytes is the size of a segment of the store.
	SegmentBytes int
	// FlushInterval is how long a document may wait in the write buffer.
	FlushInterval time.Duration

	// ModelLatency is the median latency of the small embedding model; the large
	// one takes three times as long, and so does the first token of the language
	// model. Negative means none, and no failures either.
	ModelLatency time.Duration
	// ReadLatency stands for the disk or network that a store reads from;
	// negative means none.
	ReadLatency time.Duration
	// HealthInterval is the time between health checks.
	HealthInterval time.Duration
	// DrainTimeout bounds how long Run goes on storing what was accepted after
	// its context ended.
	DrainTimeout time.Duration
	// Seed starts the simulated latencies and failures.
	Seed uint64
}

var accountName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// complete returns the configuration with its defaults, or what is wrong with it.
func (c Config) complete() (Config, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if len(c.Accounts) == 0 {
		c.Accounts = DemoAccounts()
	}
	c.Shards = orDefault(c.Shards, DefaultShards)
	c.Workers = orDefault(c.Workers, DefaultWorkers)
	c.QueueCapacity = orDefault(c.QueueCapacity, DefaultQueueCapacity)
	c.BufferBytes = orDefault(c.BufferBytes, DefaultBufferBytes)
	c.SegmentBytes = orDefault(c.SegmentBytes, DefaultSegmentBytes)
	c.FlushInterval = orDefault(c.FlushInterval, DefaultFlushInterval)
	c.ModelLatency = orDefault(c.ModelLatency, DefaultModelLatency)
	c.ReadLatency = orDefault(c.ReadLatency, DefaultReadLatency)
	c.HealthInterval = orDefault(c.HealthInterval, DefaultHealthInterval)
	c.DrainTimeout = orDefault(c.DrainTimeout, DefaultDrainTimeout)
	if c.Workers < 0 || c.HealthInterval < 0 || c.DrainTimeout < 0 {
		return c, fmt.Errorf("contextd config: Workers %d, HealthInterval %v, DrainTimeout %v: give positive values, or 0 for the defaults",
			c.Workers, c.HealthInterval, c.DrainTimeout)
	}
	if least := int64(maxRecordBytes * c.Shards * (flushQueue + 1)); c.BufferBytes < least {
		return c, fmt.Errorf("contextd config: BufferBytes %d leave no room for the largest document in each of %d shards: give at least %d", c.BufferBytes, c.Shards, least)
	}
	return c, c.checkAccounts()
}

func (c Config) checkAccounts() error {
	known := map[string]bool{}
	for _, a := range c.Accounts {
		switch {
		case !accountName.MatchString(a.Name):
			return fmt.Errorf("contextd config: account name %q: use lower-case letters, digits and dashes, at most 32, and start with a letter", a.Name)
		case known[a.Name]:
			return fmt.Errorf("contextd config: account %q is given twice: name each account once", a.Name)
		case a.Model != SmallModel && a.Model != LargeModel:
			return fmt.Errorf("contextd config: account %q has embedding model %q: use %q or %q", a.Name, a.Model, SmallModel, LargeModel)
		case a.RequestsPerSecond < 0:
			return fmt.Errorf("contextd config: account %q may make %v requests per second: give a positive rate, or 0 for the default", a.Name, a.RequestsPerSecond)
		}
		known[a.Name] = true
	}
	return nil
}

func orDefault[N int | int64 | float64 | time.Duration](value, fallback N) N {
	if value == 0 {
		return fallback
	}
	return value
}
