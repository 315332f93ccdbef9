package encryption

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// What RoundTrip may find wrong.
var (
	// ErrMismatch says that what was decrypted is not what had been encrypted.
	ErrMismatch = errors.New("decrypted value differs from what was encrypted: check that both use the same key")
	// ErrPlaintext says that encryption changed nothing.
	ErrPlaintext = errors.New("encrypted value holds the plaintext: check that encryption is on")
)

// RoundTrip returns a check, for a probe, that encrypts a fresh random value and
// decrypts it again. It fails if either does, with ErrMismatch if something else
// comes back, and with ErrPlaintext if the value was not encrypted at all.
func RoundTrip(encrypt, decrypt func(context.Context, []byte) ([]byte, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		value := []byte(rand.Text())
		// The functions may work in place.
		sealed, err := encrypt(ctx, bytes.Clone(value))
		if err != nil {
			return fmt.Errorf("encrypting a value: %w", err)
		}
		if bytes.Contains(sealed, value) {
			return ErrPlaintext
		}
		opened, err := decrypt(ctx, sealed)
		if err != nil {
			return fmt.Errorf("decrypting a value: %w", err)
		}
		if !bytes.Equal(opened, value) {
			return ErrMismatch
		}
		return nil
	}
}
