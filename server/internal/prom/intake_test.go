package prom

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

func TestIntakeBoundsTimestamps(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name     string
		at       time.Time
		accepted bool
	}{
		{"now", now, true},
		{"an hour ago", now.Add(-time.Hour), true},
		{"a little ahead", now.Add(5 * time.Minute), true},
		{"1970", time.UnixMilli(0), false},
		{"before 1970", time.UnixMilli(-1e15), false},
		{"beyond the retention", now.Add(-8 * 24 * time.Hour), false},
		{"tomorrow", now.Add(24 * time.Hour), false},
	}
	series := labels.FromStrings(model.MetricNameLabel, "x")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			node, _ := startNode(t, testOptions(t), emptyConfig())
			in := &intake{next: node.fanout, retention: node.options.Storage.Retention, refusals: node.refusals}
			at := test.at.UnixMilli()

			v1 := in.Appender(context.Background())
			_, err1 := v1.Append(0, series, at, 1)
			_, err1h := v1.AppendHistogram(0, labels.FromStrings(model.MetricNameLabel, "h"), at, nil, testHistogram())
			v2 := in.AppenderV2(context.Background())
			_, err2 := v2.Append(0, series, 0, at, 1, nil, nil, storage.AOptions{})
			for _, err := range []error{err1, err1h, err2} {
				if accepted := err == nil; accepted != test.accepted {
					t.Errorf("accepted %v (%v), want %v", accepted, err, test.accepted)
				}
				if err != nil && !errors.Is(err, storage.ErrOutOfBounds) {
					t.Errorf("%v is not an out-of-bounds error, which senders and scrapes expect", err)
				}
			}
			if err := errors.Join(v1.Commit(), v2.Commit()); err != nil {
				t.Fatal(err)
			}
			refused := testutil.ToFloat64(node.refusals.tooOld) + testutil.ToFloat64(node.refusals.tooNew)
			if want := map[bool]float64{true: 0, false: 3}[test.accepted]; refused != want {
				t.Errorf("%v samples counted as refused, want %v", refused, want)
			}
		})
	}
}

// One sample from 1970 among present ones must not stretch the database's memory
// over half a century, which it would then cut into blocks of two hours.
func TestOldSampleDoesNotStretchTheHead(t *testing.T) {
	node, _ := startNode(t, testOptions(t), emptyConfig())
	in := &intake{next: node.fanout, retention: node.options.Storage.Retention, refusals: node.refusals}
	app := in.AppenderV2(context.Background())
	now := time.Now().UnixMilli()
	for _, at := range []int64{0, now} {
		// The error of the first is what TestIntakeBoundsTimestamps is about.
		_, _ = app.Append(0, labels.FromStrings(model.MetricNameLabel, "x"), 0, at, 1, nil, nil, storage.AOptions{})
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	if oldest := node.db.Head().MinTime(); oldest != now {
		t.Errorf("the head begins at %v, want %v", oldest, now)
	}
}
