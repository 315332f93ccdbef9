// Package vault encrypts what belongs to an account with that account's own data
// key, using AES-256-GCM. A sealed value is bound to the place it belongs to: it
// cannot be opened for another account or as another document.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/encryption"
	"github.com/metertree/metertree/meter"
)

// ErrTampered says that a sealed value was changed, or belongs elsewhere.
var ErrTampered = errors.New("sealed value does not open: it was changed, or sealed for another place")

// keyBytes is the length of a data key: AES-256.
const keyBytes = 32

// Vault seals and opens values. Its methods may be called from any goroutine.
type Vault struct {
	keys   map[string]cipher.AEAD
	meters *encryption.Encryption
}

// New makes a vault with a fresh random data key for each account. The scope
// gets the metrics of package collect/encryption.
func New(accounts []string, scope meter.Scope) (*Vault, error) {
	v := &Vault{keys: make(map[string]cipher.AEAD, len(accounts))}
	for _, account := range accounts {
		key, err := newDataKey()
		if err != nil {
			return nil, fmt.Errorf("data key of account %q: %w", account, err)
		}
		v.keys[account] = key
	}
	var err error
	if v.meters, err = encryption.New(scope); err != nil {
		return nil, err
	}
	v.meters.KeyInUse("data", time.Now())
	return v, nil
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
	call := v.meters.Started(encryption.Encrypt)
	sealed, err := v.seal(account, plaintext, place)
	call.Done(len(plaintext), err)
	return sealed, err
}

func (v *Vault) seal(account string, plaintext, place []byte) ([]byte, error) {
	key, err := v.key(account)
	if err != nil {
		return nil, err
	}
	return key.Seal(nil, nil, plaintext, place), nil
}

// Open decrypts what Seal returned for the same account and place. It fails with
// ErrTampered if anything differs.
func (v *Vault) Open(account string, sealed, place []byte) ([]byte, error) {
	call := v.meters.Started(encryption.Decrypt)
	plaintext, err := v.open(account, sealed, place)
	call.Done(len(plaintext), err)
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

// Probe seals and opens a value of the account and reports whether it comes back.
func (v *Vault) Probe(ctx context.Context, account string) error {
	place := []byte("probe")
	return encryption.RoundTrip(
		func(_ context.Context, value []byte) ([]byte, error) { return v.Seal(account, value, place) },
		func(_ context.Context, sealed []byte) ([]byte, error) { return v.Open(account, sealed, place) },
	)(ctx)
}
