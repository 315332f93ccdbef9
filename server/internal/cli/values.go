package cli

import (
	"fmt"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

// Duration is a flag value in Prometheus's notation: 5s, 2m, 7d.
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := model.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write one such as 5s, 2m or 7d", text)
	}
	*d = Duration(parsed)
	return nil
}

// String is the value in the same notation.
func (d Duration) String() string { return model.Duration(d).String() }

// ByteSize is a flag value in bytes: 512KB, 64MB, 1GB, in steps of 1024.
type ByteSize int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *ByteSize) UnmarshalText(text []byte) error {
	parsed, err := units.ParseBase2Bytes(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a size: write one such as 512KB, 64MB or 1GB, or 0B for no limit", text)
	}
	*b = ByteSize(parsed)
	return nil
}

// String is the value in the same notation.
func (b ByteSize) String() string { return units.Base2Bytes(b).String() }
