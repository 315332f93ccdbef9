package metric

import "fmt"

// Role says which of the golden signals of its scope a metric or a ratio is.
type Role uint8

const (
	// RoleNone is no golden signal.
	RoleNone Role = iota
	// RoleTraffic is how much is asked of the scope; it adds up.
	RoleTraffic
	// RoleErrors is how much of the traffic fails: a ratio, or a counter that
	// is divided by the traffic.
	RoleErrors
	// RoleLatency is how long answers take; its buckets merge.
	RoleLatency
	// RoleSaturation is how full the scope is; the fullest part of it counts.
	RoleSaturation
)

var roleNames = [...]string{"", "traffic", "errors", "latency", "saturation"}

// String returns the role as it is declared to viewers, "" for RoleNone.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// MarshalText encodes the role as String does.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText accepts what MarshalText writes.
func (r *Role) UnmarshalText(text []byte) error {
	return parse(r, "role", string(text), RoleNone, RoleSaturation)
}

// validateRole reports a role that metrics of the kind cannot have.
func (d Descriptor) validateRole() error {
	fits, who := true, ""
	switch d.Role {
	case RoleNone:
	case RoleTraffic:
		fits, who = d.Kind == Counter || d.Kind == Histogram, "counters and histograms"
	case RoleErrors:
		fits, who = d.Kind == Counter, "counters and ratios"
	case RoleLatency:
		fits, who = d.Kind == Histogram, "histograms"
	case RoleSaturation:
		fits, who = d.Kind == Gauge || d.Kind == UpDownCounter, "gauges, up-down counters and ratios"
	default:
		return fmt.Errorf("unknown role %d: use one of the metric.Role constants", d.Role)
	}
	if !fits {
		return fmt.Errorf("a %s cannot have the role %s: only %s can", d.Kind, d.Role, who)
	}
	return nil
}

// validateRole reports a role that no ratio can have.
func (r Ratio) validateRole() error {
	switch r.Role {
	case RoleNone, RoleErrors, RoleSaturation:
		return nil
	}
	return fmt.Errorf("a ratio cannot have the role %s: it can have errors or saturation", r.Role)
}
