package prom

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/grafana/regexp"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/notifications"
	apiv1 "github.com/prometheus/prometheus/web/api/v1"
)

// apiPrefix is where the HTTP API lives.
const apiPrefix = "/api/v1"

// Bounds on remote read, by which another Prometheus may read our samples.
const (
	remoteReadSamples     = 50_000_000
	remoteReadConcurrency = 10
	remoteReadFrameBytes  = 1 << 20
)

// maxQueryBytes bounds a posted question. The parser and the engine call themselves
// for each level of an expression, of which a byte can be one, and a stack that is
// too large ends the process.
const maxQueryBytes = 64 << 10

// noOrigin matches no origin: pages of other sites must not read the API.
var noOrigin = regexp.MustCompile(`^\b$`)

// newAPI builds the Prometheus HTTP API and routes it. The constructor takes all
// its dependencies by position; each line below names what it passes.
func (n *Node) newAPI() http.Handler {
	pushed := &intake{next: n.fanout, retention: n.options.Storage.Retention, pushed: n.pushed, refusals: n.refusals}
	api := apiv1.NewAPI(
		n.queries,
		n.db,
		pushed, pushed, // write path of remote write and of OTLP
		n.db, // exemplars
		func(context.Context) apiv1.ScrapePoolsRetriever { return n.scraper.manager },
		n.targetRetriever,
		func(context.Context) apiv1.AlertmanagerRetriever { return noAlerts{} },
		n.shownConfig,
		n.options.Flags,
		apiv1.GlobalURLOptions{ListenAddress: n.options.ListenAddress, Host: n.options.ListenAddress, Scheme: "http"},
		n.whenReady,
		n.db,
		n.options.Storage.Path,
		false,  // admin endpoints, which delete data
		false,  // search endpoints
		10_000, // results of a search
		n.logger.With("component", "api"),
		func(context.Context) apiv1.RulesRetriever { return noRules{} },
		remoteReadSamples,
		remoteReadConcurrency,
		remoteReadFrameBytes,
		false, // agent mode
		noOrigin,
		n.runtimeInfo,
		n.buildInfo(),
		func() []notifications.Notification { return nil },
		func() (<-chan notifications.Notification, func(), bool) { return nil, nil, false },
		n.gatherer(),
		n.registry,
		nil,  // statistics: the default renderer
		true, // remote write receiver
		remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType},
		true,  // OTLP receiver
		false, // convert OTLP deltas to totals
		false, // store OTLP deltas as they are
		false, // start timestamps as zero samples
		n.options.Query.LookbackDelta,
		false, // type and unit as labels
		true,  // hand metadata of pushed series to the appender
		nil,   // error codes: the default ones
		n.features,
		n.describedNowhere(),
		newParser(),
	)
	router := route.New()
	api.Register(router)
	return n.guardAPI(http.StripPrefix(apiPrefix, router))
}

// guardAPI puts the receivers' limits before the write endpoints and tells the
// metadata endpoint to include what was pushed.
func (n *Node) guardAPI(api http.Handler) http.Handler {
	guards := newReceivers(n.options.Receivers, n.pushed, n.refusals, n.registry)
	mux := http.NewServeMux()
	mux.Handle("POST "+apiPrefix+"/write", guards.guard(guards.unpackRemoteWrite, api))
	mux.Handle("POST "+apiPrefix+"/otlp/v1/metrics", guards.guard(unpackOTLP, api))
	mux.HandleFunc("GET "+apiPrefix+"/metadata", func(w http.ResponseWriter, r *http.Request) {
		api.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), includePushed{}, true)))
	})
	mux.Handle("POST "+apiPrefix+"/read", smallReads(api))
	mux.Handle("GET "+apiPrefix+"/openapi.yaml", describe(n.description(), n.logger))
	mux.Handle("GET "+apiPrefix+"/targets", redactTargets(api))
	mux.Handle("GET "+apiPrefix+"/targets/relabel_steps", redactTargets(api))
	for _, path := range []string{"/format_query", "/parse_query"} {
		mux.Handle(apiPrefix+path, http.MaxBytesHandler(smallFormats(api), maxQueryBytes))
	}
	mux.Handle(apiPrefix+"/", http.MaxBytesHandler(api, maxQueryBytes))
	return mux
}

// includePushed is the key of a request context that asks for pushed metadata
// beside that of scraped targets.
type includePushed struct{}

func (n *Node) targetRetriever(ctx context.Context) apiv1.TargetRetriever {
	if ctx.Value(includePushed{}) == nil {
		return n.scraper.manager
	}
	return pushedToo{Manager: n.scraper.manager, pushed: n.pushed}
}

// pushedToo presents pushed metadata as that of one more target.
type pushedToo struct {
	*scrape.Manager
	pushed *pushedMetadata
}

// TargetsActive implements apiv1.TargetRetriever.
func (p pushedToo) TargetsActive() map[string][]*scrape.Target {
	targets := p.Manager.TargetsActive()
	sender := scrape.NewTarget(labels.EmptyLabels(), &config.ScrapeConfig{}, model.LabelSet{}, model.LabelSet{})
	sender.SetMetadataStore(p.pushed)
	// No job can have the empty name.
	targets[""] = []*scrape.Target{sender}
	return targets
}

func (n *Node) shownConfig() config.Config {
	return n.config().redacted()
}

// whenReady answers 503 until the node runs.
func (n *Node) whenReady(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !n.Ready() {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "not ready: the server is starting or stopping", http.StatusServiceUnavailable)
			return
		}
		next(w, r)
	}
}

func (n *Node) buildInfo() *apiv1.PrometheusVersion {
	return &apiv1.PrometheusVersion{
		Version:   engineVersion(),
		Revision:  "metertree-" + n.options.Version,
		Branch:    "metertree",
		GoVersion: runtime.Version(),
	}
}

func (n *Node) runtimeInfo() (apiv1.RuntimeInfo, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	directory, err := os.Getwd()
	if err != nil {
		directory = "unknown"
	}
	succeeded, last := n.lastApply()
	return apiv1.RuntimeInfo{
		StartTime:           n.started,
		CWD:                 directory,
		Hostname:            host,
		ServerTime:          time.Now().UTC(),
		ReloadConfigSuccess: succeeded,
		LastConfigTime:      last,
		CorruptionCount:     n.corruptions(),
		GoroutineCount:      runtime.NumGoroutine(),
		GOMAXPROCS:          runtime.GOMAXPROCS(0),
		GOMEMLIMIT:          debug.SetMemoryLimit(-1), // which leaves it as it is
		GOGC:                os.Getenv("GOGC"),
		GODEBUG:             os.Getenv("GODEBUG"),
		StorageRetention:    model.Duration(n.options.Storage.Retention).String(),
	}, nil
}

// corruptions is how often the log was found corrupt.
func (n *Node) corruptions() (total int64) {
	families, _ := n.registry.Gather() // what could be gathered is there, beside an error
	for _, family := range families {
		if family.GetName() != "prometheus_tsdb_wal_corruptions_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			total += int64(m.GetCounter().GetValue())
		}
	}
	return total
}

// noAlerts and noRules answer for what the server does not do.
type noAlerts struct{}

func (noAlerts) Alertmanagers() []*url.URL        { return nil }
func (noAlerts) DroppedAlertmanagers() []*url.URL { return nil }

type noRules struct{}

func (noRules) RuleGroups() []*rules.Group           { return nil }
func (noRules) AlertingRules() []*rules.AlertingRule { return nil }

var _ storage.SampleAndChunkQueryable = (*database)(nil)
