// Package vault encrypts what belongs to an account with that account's own data
// key, using AES-256-GCM. A sealed value is bound to the place it belongs to: it
// cannot be opened for another account or as another document.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/meter"
)

// ErrTampered says that a sealed value was changed, or belongs elsewhere.
var ErrTampered = errors.New("sealed value does not open: it was changed, or sealed for another place")

// keyBytes is the length of a data key: AES-256.
const keyBytes = 32

// Vault seals and opens values. Its methods may be called from any goroutine.
type Vault struct {
	keys       map[string]cipher.AEAD
	operations meter.CounterOf[operation]
	bytes      meter.Counter
	duration   meter.Histogram
}

type operation struct{ Operation, Status string }

// New makes a vault with a fresh random data key for each account. The scope
// gets operations_total, bytes_total and duration_seconds.
func New(accounts []string, scope meter.Scope) (*Vault, error) {
	v := &Vault{keys: make(map[string]cipher.AEAD, len(accounts))}
	for _, account := range accounts {
		key, err := newDataKey()
		if err != nil {
			return nil, fmt.Errorf("data key of account %q: %w", account, err)
		}
		v.keys[account] = key
	}
	return v, v.instrument(scope)
}

func (v *Vault) instrument(scope meter.Scope) (err error) {
	var operationsErr, bytesErr, durationErr error
	v.operations, operationsErr = meter.NewCounter[operation](scope, "operations_total",
		meter.Help("Values sealed and opened."))
	v.bytes, bytesErr = scope.NewCounter("bytes_total", meter.Unit("bytes"), meter.Keys("operation"),
		meter.Help("Plaintext bytes sealed and opened."))
	v.duration, durationErr = scope.NewHistogram("duration_seconds", meter.Unit("seconds"), meter.Keys("operation"),
		meter.Buckets(1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 1e-3, 1e-2),
		meter.Help("How long it takes to seal or open one value."))
	return errors.Join(operationsErr, bytesErr, durationErr)
}

// newDataKey makes a random key. Nonces are random too, which is safe for 2^32
// values under one key.
func newDataKey() (cipher.AEAD, error) {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal encrypts plaintext with the account's key and binds it to place.
func (v *Vault) Seal(account string, plaintext, place []byte) ([]byte, error) {
	start := time.Now()
	key, err := v.key(account)
	if err != nil {
		v.count("seal", start, 0, err)
		return nil, err
	}
	sealed := key.Seal(nil, nil, plaintext, place)
	v.count("seal", start, len(plaintext), nil)
	return sealed, nil
}

// Open decrypts what Seal returned for the same account and place. It fails with
// ErrTampered if anything differs.
func (v *Vault) Open(account string, sealed, place []byte) ([]byte, error) {
	start := time.Now()
	plaintext, err := v.open(account, sealed, place)
	v.count("open", start, len(plaintext), err)
	return plaintext, err
}

func (v *Vault) open(account string, sealed, place []byte) ([]byte, error) {
	key, err := v.key(account)
	if err != nil {
		return nil, err
	}
	plaintext, err := key.Open(nil, nil, sealed, place)
	if err != nil {
		return nil, fmt.Errorf("%q of account %q: %w", place, account, ErrTampered)
	}
	return plaintext, nil
}

func (v *Vault) key(account string) (cipher.AEAD, error) {
	key, ok := v.keys[account]
	if !ok {
		return nil, fmt.Errorf("account %q has no data key: name it when the vault is made", account)
	}
	return key, nil
}

func (v *Vault) count(name string, start time.Time, size int, err error) {
	status := "ok"
	if err != nil {
		status = "error"
	}
	v.operations.Inc(operation{name, status})
	v.bytes.Add(int64(size), name)
	v.duration.ObserveSince(start, name)
}

// Probe seals and opens a value of the account and reports whether it comes back.
func (v *Vault) Probe(account string) error {
	const value = "probe"
	sealed, err := v.Seal(account, []byte(value), []byte(value))
	if err != nil {
		return err
	}
	opened, err := v.Open(account, sealed, []byte(value))
	if err == nil && string(opened) != value {
		err = fmt.Errorf("%q came back as %q: %w", value, opened, ErrTampered)
	}
	return err
}
