package encryption

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newEncryption(t *testing.T) (*Encryption, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	e, err := New(meter.New(r).Scope("encryption"))
	if err != nil {
		t.Fatal(err)
	}
	return e, r
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, r := newEncryption(t)
		created := time.Unix(946684800, 500_000_000)
		e.KeyInUse("root", created)
		e.KeyInUse("data", created.Add(-time.Hour))
		encrypt, decrypt := e.Started(Encrypt), e.Started(Decrypt)
		time.Sleep(5 * time.Microsecond)
		encrypt.Done(1024, nil)
		time.Sleep(20 * time.Millisecond)
		decrypt.Done(1024, errBroken)
		e.Rotated("data", created)
		e.RotationFailed("root")
		collecttest.Golden(t, r, prometheus.Write, "encryption")
		collecttest.Roles(t, r, "encryption_duration_seconds latency", "encryption_operations_total traffic")
		collecttest.Ratios(t, r,
			`encryption_error_ratio = encryption_operations_total{status="error"} / encryption_operations_total by [operation] errors`,
			`encryption_key_rotation_error_ratio = encryption_key_rotations_total{status="error"} / encryption_key_rotations_total by [component]`,
		)
	})
}

func TestBoundsRise(t *testing.T) {
	if !slices.IsSorted(bounds) {
		t.Errorf("bounds %v", bounds)
	}
}

// flip is encryption enough for a test: it turns every bit, in place.
func flip(_ context.Context, value []byte) ([]byte, error) {
	for i := range value {
		value[i] = ^value[i]
	}
	return value, nil
}

func TestRoundTrip(t *testing.T) {
	type transform = func(context.Context, []byte) ([]byte, error)
	fails := func(context.Context, []byte) ([]byte, error) { return nil, errBroken }
	keeps := func(_ context.Context, value []byte) ([]byte, error) { return append([]byte("head"), value...), nil }
	other := func(context.Context, []byte) ([]byte, error) { return bytes.Repeat([]byte{'x'}, 26), nil }
	for name, tt := range map[string]struct {
		encrypt, decrypt transform
		want             error
	}{
		"works":           {flip, flip, nil},
		"encrypt fails":   {fails, flip, errBroken},
		"decrypt fails":   {flip, fails, errBroken},
		"something else":  {flip, other, ErrMismatch},
		"encryption off":  {keeps, flip, ErrPlaintext},
		"nothing decrypt": {flip, func(context.Context, []byte) ([]byte, error) { return nil, nil }, ErrMismatch},
	} {
		if err := RoundTrip(tt.encrypt, tt.decrypt)(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: err = %v, want %v", name, err, tt.want)
		}
	}
}

func TestRoundTripPassesTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	encrypt := func(ctx context.Context, _ []byte) ([]byte, error) { return nil, ctx.Err() }
	if err := RoundTrip(encrypt, flip)(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want %v", err, context.Canceled)
	}
}

func TestConcurrentOperations(t *testing.T) {
	e, r := newEncryption(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				e.Started(Encrypt).Done(3, nil)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, r)
	if v[`encryption_operations_total{operation="encrypt",status="ok"}`] != 800 || v[`encryption_bytes_total{operation="encrypt"}`] != 2400 {
		t.Errorf("got %v", v)
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Gauge("bytes_total")
	if _, err := New(scope); err == nil {
		t.Error("a gauge and a counter share the name bytes_total")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	now := time.Now()
	updates := func(e *Encryption) func() {
		return func() {
			e.Started(Encrypt).Done(1, nil)
			e.Started(Decrypt).Done(0, errBroken)
			e.KeyInUse("data", now)
			e.Rotated("data", now)
			e.RotationFailed("data")
		}
	}
	e, _ := newEncryption(t)
	collecttest.NoAllocs(t, updates(e))
	collecttest.NoAllocs(t, updates(&Encryption{}))
}
