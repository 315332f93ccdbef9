package prom

import (
	"runtime/debug"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage/remote"
)

var introduce sync.Once

// introduceAs makes scrapes and forwarded writes say who sends them. The names
// are global in the packages that send, so the first node's version stands.
func introduceAs(version string) {
	introduce.Do(func() {
		scrape.UserAgent = "metertree/" + version
		remote.UserAgent = "metertree/" + version
	})
}

// engineVersion is the version of the embedded Prometheus as its own binaries
// give it: module version v0.315.0 is Prometheus 3.15.0. Clients of the HTTP API
// choose by it which features they use.
func engineVersion() string {
	const module = "github.com/prometheus/prometheus"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			return productVersion(dep.Version)
		}
	}
	return "unknown"
}

// productVersion turns v0.MMmm.p into M.m.p; anything else stays.
func productVersion(module string) string {
	parts := strings.Split(strings.TrimPrefix(module, "v"), ".")
	if len(parts) != 3 || parts[0] != "0" || len(parts[1]) != 3 {
		return module
	}
	minor := strings.TrimPrefix(parts[1][1:], "0")
	return parts[1][:1] + "." + minor + "." + parts[2]
}
