package contextd

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/collect/sqlmetrics"
	"github.com/metertree/metertree/collect/telemetry"
	"github.com/metertree/metertree/examples/contextd/internal/audit"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/policy"
)

// listeners are those who are told of every operation: the metrics, and the audit
// log.
type listeners struct {
	events     *event.Bus[operation]
	bridge     *telemetry.Bridge[operation]
	operations meter.Counter
	pools      *sqlmetrics.Pools
	// log is nil while the service does not run.
	log atomic.Pointer[audit.Log]
}

// auditEntries is how many changes the audit log keeps.
const auditEntries = 2000

// closeListeners is how long the listeners may take for what is left at the end.
const closeListeners = 500 * time.Millisecond

func (l *listeners) define(root, scope meter.Scope) error {
	var errs [4]error
	l.events, errs[0] = event.New[operation](event.Options{Scope: root})
	l.bridge, errs[1] = telemetry.New(scope, summaries())
	l.operations, errs[2] = scope.Scope("tenant").NewCounter("operations_total",
		meter.Keys("account_id", "operation", "status"), meter.PerTenant(),
		meter.Help("Operations of an account that ended: requests, and the tasks that follow from them."))
	l.pools, errs[3] = sqlmetrics.Register(root)
	return errors.Join(errs[:]...)
}

// listen subscribes the listeners until stop is called.
func (s *Service) listen(ctx context.Context) (stop func() error, err error) {
	log, err := audit.Open(auditEntries)
	if err != nil {
		return nil, err
	}
	s.log.Store(log)
	addErr := s.pools.Add("audit", log)
	_, auditErr := s.events.Subscribe("audit", func(o operation) { s.writeDown(ctx, log, o) })
	metricsErr := s.collect("metrics", collect.Events(s.events.Subscribe, s.count))
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeListeners)
		defer cancel()
		err := s.events.Close(ctx)
		s.log.Store(nil)
		s.pools.Remove("audit")
		return errors.Join(err, log.Close())
	}
	if err := errors.Join(addErr, auditErr, metricsErr); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// count makes metrics of an operation.
func (s *Service) count(o operation, out *collect.Updates) {
	s.bridge.Record(o)
	account := o.account
	if account == "" {
		account = policy.Unknown
	}
	out.Add(s.operations, 1, account, o.name, o.status)
}

// writeDown keeps an operation that has changed something.
func (s *Service) writeDown(ctx context.Context, log *audit.Log, o operation) {
	if !changes[o.name] || o.account == "" {
		return
	}
	entry := audit.Entry{At: o.at, Account: o.account, Operation: o.name, Status: o.status}
	if err := log.Write(context.WithoutCancel(ctx), entry); err != nil {
		s.config.Logger.Error("change not written down", "operation", o.name, "err", err)
	}
}

// Audit returns the latest changes, the newest first, at most so many. It fails
// while the service does not run.
func (s *Service) Audit(ctx context.Context, limit int) ([]audit.Entry, error) {
	log := s.log.Load()
	if log == nil {
		return nil, fmt.Errorf("contextd: the audit log is closed: ask while the service runs")
	}
	return log.Recent(ctx, limit)
}
