package servers

import (
	"net/url"
	"path/filepath"
)

// Names of the servers, as columns of the tables.
const (
	Metertree       = "metertree"
	Prometheus      = "Prometheus"
	OldPrometheus   = "Debian's Prometheus"
	VictoriaMetrics = "VictoriaMetrics"
)

// Server is a program that stores metrics and answers PromQL.
type Server struct {
	// Name is its column.
	Name string
	// Binary is the program's path.
	Binary string
	// Version is what it is, in words.
	Version string

	// arguments listen on an address, read a configuration and keep the storage
	// in a directory.
	arguments func(address, config, storage string) []string
	// ready is the path that answers 200 once it is.
	ready string
	// flush is a path that makes what was received visible to queries; empty
	// where it is so at once.
	flush string
	// write and otlp are where it is pushed to; empty where it cannot be.
	write, otlp string
	// query are parameters of queries that switch off what would answer from
	// memory or leave the newest samples out.
	query url.Values
}

// OTLP says whether the server takes OTLP.
func (s Server) OTLP() bool { return s.otlp != "" }

// Binaries are paths of programs.
type Binaries struct {
	Metertree, Prometheus, OldPrometheus, VictoriaMetrics string
}

// All returns the servers in the order of the columns.
func All(b Binaries) []Server {
	const receiver = "--web.enable-remote-write-receiver"
	return []Server{
		{
			Name: Metertree, Binary: b.Metertree, arguments: metertreeArguments,
			ready: "/-/ready", write: "/api/v1/write", otlp: "/api/v1/otlp/v1/metrics",
		},
		{
			Name: Prometheus, Binary: b.Prometheus, arguments: prometheusArguments(receiver, "--web.enable-otlp-receiver"),
			ready: "/-/ready", write: "/api/v1/write", otlp: "/api/v1/otlp/v1/metrics",
		},
		{
			Name: OldPrometheus, Binary: b.OldPrometheus, arguments: prometheusArguments(receiver),
			ready: "/-/ready", write: "/api/v1/write",
		},
		{
			Name: VictoriaMetrics, Binary: b.VictoriaMetrics, arguments: victoriaMetricsArguments,
			ready: "/health", write: "/api/v1/write", flush: "/internal/force_flush",
			query: url.Values{"nocache": {"1"}, "latency_offset": {"1ms"}},
		},
	}
}

func metertreeArguments(address, config, storage string) []string {
	return []string{
		"serve", "--config.file=" + config, "--storage.path=" + storage, "--web.listen-address=" + address,
		"--no-scrape.self", "--log.level=warn",
	}
}

func prometheusArguments(more ...string) func(address, config, storage string) []string {
	return func(address, config, storage string) []string {
		return append([]string{
			"--config.file=" + config, "--storage.tsdb.path=" + storage, "--web.listen-address=" + address, "--log.level=warn",
		}, more...)
	}
}

func victoriaMetricsArguments(address, config, storage string) []string {
	return []string{
		"-promscrape.config=" + config, "-storageDataPath=" + filepath.Clean(storage), "-httpListenAddr=" + address,
		"-loggerLevel=ERROR", "-promscrape.suppressScrapeErrors",
	}
}
