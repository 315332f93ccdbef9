package doctor

import (
	"fmt"
	"time"
)

// checks are what is examined, in order.
var checks = []struct {
	name string
	look func(*facts) []Finding
}{
	{"version", lookAtVersion},
	{"config", lookAtConfig},
	{"targets", lookAtTargets},
	{"clock", lookAtClock},
	{"disk", lookAtDisk},
	{"memory", lookAtMemory},
	{"processors", lookAtProcessors},
	{"files", lookAtFiles},
	{"storage", lookAtStorage},
	{"ingest", counted(ingestLosses)},
	{"discovery", counted(discoveryFaults)},
	{"remote-write", lookAtForwarding},
	{"instrumentation", counted(instrumentFaults)},
	{"queries", lookAtQueries},
	{"requests", counted(requestFaults)},
	{"series", lookAtSeries},
	{"listener", lookAtListener},
	{"alerts", lookAtAlerts},
}

// one is a list of a finding.
func one(severity Severity, remedy, message string, args ...any) []Finding {
	return []Finding{{Severity: severity, Message: fmt.Sprintf(message, args...), Remedy: remedy}}
}

func lookAtVersion(f *facts) []Finding {
	switch running := f.version(); {
	case running == "":
		return one(Note, "is it a metertree server?", "the server does not tell its version")
	case running != f.own:
		return one(Warning, "restart the server if it was upgraded, or use the binary that it runs",
			"the server runs version %s, and this binary is %s", running, f.own)
	}
	return nil
}

func lookAtConfig(f *facts) (found []Finding) {
	const last, at = "metertree_config_last_reload_success", "metertree_config_last_reload_success_timestamp_seconds"
	file := f.flags["config.file"]
	remedy := "run metertree check config " + file + ", correct what it tells, and reload"
	loaded := time.UnixMilli(int64(1000 * f.metrics.sum(at)))
	if f.metrics.has(last) && f.metrics.sum(last) == 0 {
		return one(Error, remedy, "the configuration %s was refused at the last reload; the one of %s is still in force", file, clock(loaded))
	}
	if file == "" || f.local.Modified == nil || !f.metrics.has(at) {
		return nil
	}
	if changed, ok := f.local.Modified(file); ok && changed.After(loaded.Add(time.Second)) {
		return one(Warning, "reload by SIGHUP or POST /-/reload, after metertree check config "+file,
			"the configuration %s was changed at %s, after it was loaded at %s", file, clock(changed), clock(loaded))
	}
	return nil
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// Skews up to which clocks count as equal, and from which on data is refused or
// misplaced.
const (
	smallSkew = 5 * time.Second
	largeSkew = time.Minute
)

func lookAtClock(f *facts) []Finding {
	skew, direction := f.skew, "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	severity := Warning
	if skew > largeSkew {
		severity = Error
	}
	if skew <= smallSkew {
		return nil
	}
	return one(severity, "run an NTP client on both machines; graphs and pushes are off by as much",
		"the server's clock is %s %s this machine's", skew.Round(time.Second), direction)
}

func lookAtProcessors(f *facts) []Finding {
	if f.local.CPULimit == nil {
		return nil
	}
	limit, ok := f.local.CPULimit()
	if !ok || float64(f.runtime.GOMAXPROCS) <= limit+1 {
		return nil
	}
	return one(Warning, "unset GOMAXPROCS, so that the program follows the limit, or raise the limit",
		"the server runs on %d processors at once (GOMAXPROCS), but its control group allows %.3g, so it is throttled", f.runtime.GOMAXPROCS, limit)
}

func lookAtFiles(f *facts) []Finding {
	open, most := f.metrics.sum("process_open_fds"), f.metrics.sum("process_max_fds")
	if most <= 0 || open < 0.8*most {
		return nil
	}
	severity := Warning
	if open > 0.95*most {
		severity = Error
	}
	return one(severity, "raise the limit, as by LimitNOFILE= of systemd; without any left nothing is scraped or stored",
		"%.0f of %.0f file descriptors are open", open, most)
}

func lookAtStorage(f *facts) (found []Finding) {
	const writable = "metertree_storage_writable"
	if f.metrics.has(writable) && f.metrics.sum(writable) == 0 {
		found = one(Error, writeRemedy, "no samples are taken now, because the disk is nearly full, or a write to it failed")
	}
	return append(found, counted(storageFaults)(f)...)
}

func lookAtQueries(f *facts) []Finding {
	found := counted(queryFaults)(f)
	running, most := f.metrics.sum("prometheus_engine_queries"), f.metrics.sum("prometheus_engine_queries_concurrent_max")
	if most <= 0 || running < most {
		return found
	}
	return append(found, one(Warning, "find who asks, ask for shorter ranges, record series ahead, or raise --query.max-concurrency",
		"%.0f queries run or wait, and %.0f may run at once", running, most)...)
}

func lookAtAlerts(f *facts) (found []Finding) {
	for _, a := range f.alerts {
		if a.err != nil {
			found = append(found, one(Note, "check the rule with metertree check rules", "alert %s cannot be evaluated: %s", a.Name, plainCause(a.err))...)
			continue
		}
		severity := Warning
		if a.Severity == "page" || a.Severity == "critical" {
			severity = Error
		}
		remedy := a.Description
		if remedy == "" {
			remedy = "see its expression: " + a.Expr
		}
		found = append(found, one(severity, remedy, "the condition of alert %s holds for %s", a.Name, several(len(a.series), "series", "series"))...)
	}
	return found
}

// several is a number and what is counted.
func several(n int, single, plural string) string {
	if n == 1 {
		return "1 " + single
	}
	return fmt.Sprintf("%d %s", n, plural)
}
