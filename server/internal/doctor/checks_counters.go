package doctor

import (
	"fmt"
	"time"
)

// symptom is a metric that is 0 as long as all is well.
type symptom struct {
	// metric is its name, and behind it, in braces, the label=value that counts if
	// not all do.
	metric   string
	severity Severity
	// message has one %s for the number.
	message, remedy string
}

// counted looks at symptoms.
func counted(symptoms []symptom) func(*facts) []Finding {
	return func(f *facts) (found []Finding) {
		for _, s := range symptoms {
			n := f.metrics.sumOf(s.metric)
			if n > 0 {
				found = append(found, one(s.severity, s.remedy, s.message+f.since(), fmt.Sprintf("%.0f", n))...)
			}
		}
		return found
	}
}

// since says over which time counters count.
func (f *facts) since() string {
	if f.runtime.StartTime.IsZero() {
		return ""
	}
	up := f.runtime.ServerTime.Sub(f.runtime.StartTime)
	unit := time.Minute
	if up < time.Minute {
		unit = time.Second
	}
	return fmt.Sprintf(" (since the start, %s ago)", up.Round(unit))
}

const (
	roomRemedy   = "look for a full or read-only file system, then at the server's log"
	writeRemedy  = "make room, or find out why the disk cannot be written to; then, if a write has failed, restart the server, which repairs its log"
	repairRemedy = "what could not be read was left out; check the disk, and restore a backup if what is missing matters"
)

var storageFaults = []symptom{
	{"metertree_ingest_refused_appends_total", Error, "%s scrapes and pushes were refused because the disk is nearly full, or a write to it failed", writeRemedy},
	{"metertree_storage_broken_blocks", Error, "%s blocks could not be opened and were set aside, so that their samples are missing", "look at the directories in the storage that end in .broken: restore them from a backup, or delete them"},
	{"prometheus_tsdb_wal_writes_failed_total", Error, "%s writes to the log of the database failed", roomRemedy},
	{"prometheus_tsdb_out_of_order_wbl_writes_failed_total", Error, "%s writes to the log of late samples failed", roomRemedy},
	{"prometheus_tsdb_compactions_failed_total", Error, "%s compactions failed, so memory and the log grow", roomRemedy},
	{"prometheus_tsdb_head_truncations_failed_total", Error, "%s truncations of what is in memory failed", roomRemedy},
	{"prometheus_tsdb_wal_truncations_failed_total", Error, "%s truncations of the log failed, so it grows", roomRemedy},
	{"prometheus_tsdb_checkpoint_creations_failed_total", Error, "%s checkpoints of the log failed, so it grows", roomRemedy},
	{"prometheus_tsdb_reloads_failures_total", Error, "blocks could not be read %s times", roomRemedy},
	{"prometheus_tsdb_wal_corruptions_total", Error, "the log of the database was found corrupt %s times", repairRemedy},
	{"prometheus_tsdb_mmap_chunk_corruptions_total", Error, "chunks of samples were found corrupt %s times", repairRemedy},
	{"prometheus_tsdb_snapshot_replay_error_total", Warning, "%s snapshots of the memory could not be replayed", repairRemedy},
}

const (
	orderRemedy = "look for two targets or pushers with the same labels, and at their clocks; late samples need --storage.out-of-order-window"
	clockRemedy = "run an NTP client on the senders and on the server's machine"
	limitRemedy = "see the target's last error; drop metrics there, or raise the limit in its job"
)

var ingestLosses = []symptom{
	{"metertree_ingest_refused_samples_total{reason=too_new}", Warning, "%s samples were refused because they lie more than 10 minutes ahead, so a clock is wrong", clockRemedy},
	{"metertree_ingest_refused_samples_total{reason=too_old}", Warning, "%s samples were refused because they are older than the retention", "look at the senders' clocks and queues; older samples than --storage.retention are never taken"},
	{"metertree_ingest_refused_series_total{reason=memory}", Warning, "new series were refused %s times because memory is short of its limit", "raise --memory-limit or GOMEMLIMIT, or find what has many series by metertree cardinality"},
	{"metertree_ingest_refused_series_total{reason=label_size}", Warning, "series were refused %s times for the length of their labels", "shorten the values of labels at the target or pusher"},
	{"metertree_ingest_refused_requests_total{reason=busy}", Warning, "%s pushes were told to come again because there were too many at once", "send fewer and larger ones, or raise --web.max-write-concurrency"},
	{"metertree_ingest_refused_requests_total{reason=no_room}", Warning, "%s pushes were told to come again for want of memory or disk", "raise --memory-limit or GOMEMLIMIT, or make room on the disk"},
	{"metertree_ingest_refused_requests_total{reason=too_slow}", Warning, "%s pushes were told to come again because their bodies arrived too slowly", "look at the network between, and send smaller ones"},
	{"metertree_ingest_refused_requests_total{reason=too_large}", Warning, "%s pushes were refused for their size", "send smaller ones, or raise --web.max-write-size"},
	{"metertree_ingest_refused_requests_total{reason=unreadable}", Warning, "%s pushes could not be read", "look at the senders, and for proxies that cut requests off"},
	{"metertree_ingest_metadata_overflow_total", Warning, "the metadata of %s metrics were not kept", "push fewer different metric names"},
	{"prometheus_api_remote_write_invalid_labels_samples_total", Warning, "%s pushed samples had invalid labels", "correct the pusher's labels"},
	{"prometheus_tsdb_out_of_order_samples_total", Warning, "%s samples were out of order", orderRemedy},
	{"prometheus_tsdb_too_old_samples_total", Warning, "%s samples were older than the window for late ones", orderRemedy},
	{"prometheus_tsdb_out_of_bound_samples_total", Warning, "%s samples were too old to be stored", orderRemedy},
	{"prometheus_target_scrapes_sample_out_of_order_total", Warning, "%s scraped samples were out of order", orderRemedy},
	{"prometheus_target_scrapes_sample_duplicate_timestamp_total", Warning, "%s scraped samples had another's labels and time", "look for a series that a target exposes twice, or for two targets with the same labels"},
	{"prometheus_target_scrapes_sample_out_of_bounds_total", Warning, "%s scraped samples had times too far off", "take timestamps out of the exposition, or correct the target's clock"},
	{"prometheus_target_scrapes_exceeded_sample_limit_total", Warning, "%s scrapes were given up for too many samples", limitRemedy},
	{"prometheus_target_scrapes_exceeded_body_size_limit_total", Warning, "%s scrapes were given up for their size", limitRemedy},
	{"prometheus_target_scrape_pool_exceeded_label_limits_total", Warning, "%s scrapes were given up for their labels", limitRemedy},
	{"prometheus_target_scrape_pool_exceeded_target_limit_total", Warning, "a job had too many targets %s times", limitRemedy},
}

var requestFaults = []symptom{
	{"metertree_http_panics_total", Error, "%s requests were given up because answering them panicked", "report it, with the stack in the server's log"},
	{"metertree_http_dropped_connections_total{state=silent}", Warning, "%s connections that never sent a whole request were closed to make room for others", "find who holds connections open, and put a proxy or a firewall in front"},
	{"metertree_http_delayed_connections_total", Warning, "%s connections had to wait because as many were being answered as may be", "find who asks so much at once, or put a proxy in front"},
}

var queryFaults = []symptom{
	{"metertree_query_failures_total{reason=timeout}", Warning, "%s queries took longer than --query.timeout, their wait for others included", "ask for shorter ranges, record series ahead, or raise --query.timeout or --query.max-concurrency"},
	{"metertree_query_failures_total{reason=too_many_samples}", Warning, "%s queries needed more samples than --query.max-samples", "ask for shorter ranges or fewer series, or raise --query.max-samples, and the memory with it"},
}

var discoveryFaults = []symptom{
	{"prometheus_sd_failed_configs", Error, "%s ways of finding targets do not work", "see the server's log"},
	{"prometheus_target_scrape_pools_failed_total", Error, "%s jobs could not be started", "see the server's log"},
	{"prometheus_sd_file_read_errors_total", Warning, "files of targets could not be read %s times", "correct the files that file_sd_configs names; until then the targets of before are scraped"},
	{"prometheus_sd_http_failures_total", Warning, "lists of targets could not be fetched %s times", "look at the server that http_sd_configs names; until then the targets of before are scraped"},
}

var instrumentFaults = []symptom{
	{"metertree_rejected_definitions_total", Warning, "%s instruments of the server itself do nothing", "report it, with the server's log"},
	{"metertree_dropped_updates_total", Warning, "%s updates of the server's own metrics were dropped", "report it, with the server's log"},
	{"metertree_overflow_total", Warning, "%s updates of the server's own metrics were merged for too many labels", "report it, with the server's log"},
}

var forwardingLosses = []symptom{
	{"prometheus_remote_storage_samples_failed_total", Error, "%s samples were refused by the server that they are forwarded to, and are lost there", "see the server's log for its answer"},
	{"prometheus_remote_storage_samples_dropped_total", Warning, "%s samples were not forwarded", "raise the retention of the queue, or look for relabelling that was not meant"},
}

// maxLag is how far forwarding may be behind.
const maxLag = 2 * time.Minute

func lookAtForwarding(f *facts) []Finding {
	found := counted(forwardingLosses)(f)
	const sent, seen = "prometheus_remote_storage_queue_highest_sent_timestamp_seconds", "prometheus_remote_storage_highest_timestamp_in_seconds"
	newest := f.metrics.sum(seen)
	for _, m := range f.metrics[sent].GetMetric() {
		behind := time.Duration((newest - number(m)) * float64(time.Second))
		where := labels(m)["url"]
		switch {
		case newest == 0 || behind <= maxLag:
		case number(m) == 0:
			found = append(found, one(Error, "check its address, credentials and state; the log tells its answers", "nothing was forwarded to %s yet", where)...)
		default:
			found = append(found, one(Warning, "look at that server and the network; raise queue_config.max_shards if it can take more", "forwarding to %s is %s behind", where, behind.Round(time.Second))...)
		}
	}
	return found
}
