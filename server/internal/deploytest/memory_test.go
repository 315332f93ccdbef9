package deploytest

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

// parseBytes reads a size as GOMEMLIMIT, systemd and Kubernetes spell it: MiB, G and
// Mi are powers of 1024 in their first two, and Mi is in the last.
func parseBytes(t *testing.T, size string) int64 {
	t.Helper()
	binary := strings.TrimSuffix(size, "B")
	if last := binary[max(0, len(binary)-1):]; strings.Contains("KMGT", last) {
		binary += "i"
	}
	quantity, err := resource.ParseQuantity(binary)
	if err != nil {
		t.Fatalf("size %q: %v", size, err)
	}
	return quantity.Value()
}

// room is what a process with a limit of memory needs around it: 128 MiB more, or a
// quarter if that is more, as docs/reliability.md has it.
func room(limit int64) int64 { return limit + max(128<<20, limit/4) }
