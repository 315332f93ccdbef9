package gateway

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// DefaultListenAddress is where the gateway listens unless told otherwise: where
// the Pushgateway does, but on loopback only, because beyond it
// those who push need credentials.
const DefaultListenAddress = "127.0.0.1:9091"

// Durability says what an acknowledged push outlives.
type Durability uint8

// The levels, the safest first.
const (
	// Disk syncs the journal before a push is acknowledged, for all pushes that
	// wait at once: it outlives a power failure.
	Disk Durability = iota
	// Process hands the journal to the operating system: a push outlives the
	// process, and what came in the last second may not outlive the machine.
	Process
	// Shutdown keeps everything in memory until an orderly shutdown.
	Shutdown
)

var durabilities = [...]string{"disk", "process", "shutdown"}

// String returns the level as the flag has it.
func (d Durability) String() string {
	if int(d) < len(durabilities) {
		return durabilities[d]
	}
	return fmt.Sprintf("durability(%d)", uint8(d))
}

// UnmarshalText accepts what String returns.
func (d *Durability) UnmarshalText(text []byte) error {
	for i, name := range durabilities {
		if string(text) == name {
			*d = Durability(i)
			return nil
		}
	}
	return fmt.Errorf("unknown durability %q: use disk, process or shutdown", text)
}

// Options describe a gateway. Defaults gives a usable set.
type Options struct {
	// ListenAddress is host:port; port 0 takes a free one.
	ListenAddress string
	// Web says who may reach the listener, and push. Beyond loopback it must.
	Web webconfig.Options
	// Path is the directory of the snapshot and the journal.
	Path       string
	Durability Durability
	Settings   merge.Settings
	Limits     push.Limits
	// MaxPushBytes is the largest push, compressed or not.
	MaxPushBytes int64
	// MaxConcurrency is how many pushes are in work at once.
	MaxConcurrency int
	// JournalBytes is the size at which the journal is replaced by a snapshot, or
	// twice the size of the last snapshot, if that is more.
	JournalBytes int64

	// OnReady is called once, when pushes are accepted, with the URL. It must not
	// block.
	OnReady func(url string)
	// Version is metertree's own version.
	Version string
	// Logger gets what the gateway has to say. Nil discards it.
	Logger *slog.Logger

	// now is the clock; nil is the machine's.
	now func() time.Time
}

// Defaults are the options of a gateway without flags, storing under path.
func Defaults(path string) Options {
	return Options{
		ListenAddress:  DefaultListenAddress,
		Path:           path,
		Settings:       merge.DefaultSettings(),
		Limits:         push.DefaultLimits,
		MaxPushBytes:   16 << 20,
		MaxConcurrency: 8,
		JournalBytes:   128 << 20,
		Version:        "devel",
	}
}

// maxPushLimit is the largest MaxPushBytes: a push is one record of the journal.
const maxPushLimit = 64 << 20

// Check reports the first option that cannot be.
func (o Options) Check() error {
	switch {
	case o.Path == "":
		return fmt.Errorf("no storage path: give a directory with --storage.path")
	case o.MaxPushBytes <= 0 || o.MaxPushBytes > maxPushLimit:
		return fmt.Errorf("push limit of %d bytes is not between 1 and %d (64MiB): change --gateway.max-push-size", o.MaxPushBytes, maxPushLimit)
	case o.MaxConcurrency <= 0:
		return fmt.Errorf("push concurrency %d is not positive: give one such as --gateway.max-concurrency=8", o.MaxConcurrency)
	case o.Limits.Points <= 0:
		return fmt.Errorf("%d points for a push is not positive: give a number such as --gateway.max-points=100000", o.Limits.Points)
	case o.Limits.Labels <= 0 || o.Limits.Name <= 0 || o.Limits.Value <= 0 || o.Limits.Buckets <= 0:
		return fmt.Errorf("limits on labels and buckets must be positive")
	}
	return o.Settings.Check()
}
