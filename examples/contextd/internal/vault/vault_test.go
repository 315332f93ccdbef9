package vault

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metertree/metertree/meter"
)

func newVault(t *testing.T) *Vault {
	t.Helper()
	v, err := New([]string{"one", "two"}, meter.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func seal(t *testing.T, v *Vault, account, plaintext, place string) []byte {
	t.Helper()
	sealed, err := v.Seal(account, []byte(plaintext), []byte(place))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestRoundTrip(t *testing.T) {
	v := newVault(t)
	for _, plaintext := range []string{"", "short", string(bytes.Repeat([]byte("long "), 4000))} {
		sealed := seal(t, v, "one", plaintext, "here")
		if len(plaintext) > 0 && bytes.Contains(sealed, []byte(plaintext)) {
			t.Error("the sealed value holds the plaintext")
		}
		opened, err := v.Open("one", sealed, []byte("here"))
		if err != nil || string(opened) != plaintext {
			t.Errorf("%d bytes came back as %d bytes, %v", len(plaintext), len(opened), err)
		}
	}
}

func TestEqualValuesAreSealedDifferently(t *testing.T) {
	v := newVault(t)
	if bytes.Equal(seal(t, v, "one", "same", "here"), seal(t, v, "one", "same", "here")) {
		t.Error("the same value was sealed twice to the same bytes")
	}
}

func TestTamperingIsDetected(t *testing.T) {
	v := newVault(t)
	sealed := seal(t, v, "one", "secret", "here")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := v.Open("one", changed, []byte("here")); !errors.Is(err, ErrTampered) {
			t.Errorf("byte %d changed: error %v; want ErrTampered", i, err)
		}
	}
	for length := range len(sealed) {
		if _, err := v.Open("one", sealed[:length], []byte("here")); !errors.Is(err, ErrTampered) {
			t.Errorf("cut to %d bytes: error %v; want ErrTampered", length, err)
		}
	}
}

func TestSealedValueOpensOnlyWhereItBelongs(t *testing.T) {
	v := newVault(t)
	sealed := seal(t, v, "one", "secret", "here")
	if _, err := v.Open("two", sealed, []byte("here")); !errors.Is(err, ErrTampered) {
		t.Errorf("opened for another account: error %v; want ErrTampered", err)
	}
	if _, err := v.Open("one", sealed, []byte("there")); !errors.Is(err, ErrTampered) {
		t.Errorf("opened at another place: error %v; want ErrTampered", err)
	}
}

func TestUnknownAccount(t *testing.T) {
	v := newVault(t)
	if _, err := v.Seal("three", nil, nil); err == nil {
		t.Error("sealed for an account without a key")
	}
	if _, err := v.Open("three", nil, nil); err == nil || errors.Is(err, ErrTampered) {
		t.Errorf("opened for an account without a key: error %v", err)
	}
	if v.Probe(t.Context(), "three") == nil {
		t.Error("probe of an account without a key succeeded")
	}
}

func TestProbe(t *testing.T) {
	if err := newVault(t).Probe(t.Context(), "one"); err != nil {
		t.Error(err)
	}
}
