package prom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var (
	// urlUser is what stands before the host of a URL, as far as it may reach: a
	// password need not be escaped where the URL is wrong.
	urlUser = regexp.MustCompile(`://[^/\s"'?#]*@`)
	// parameter is one of a URL, its name apart.
	parameter = regexp.MustCompile(`([?&])([^=&\s"'#]*)=([^&\s"'#]*)`)
	// unusedValue is how an error of the YAML package shows what it could not use,
	// which may be a secret in the wrong place.
	unusedValue = regexp.MustCompile("`[^`]*`")
)

// Redact hides what the URLs in a text have of users and passwords, and of
// parameters whose name says that they are secret.
func Redact(text string) string {
	text = urlUser.ReplaceAllString(text, "://"+hidden+"@")
	return parameter.ReplaceAllStringFunc(text, func(found string) string {
		part := parameter.FindStringSubmatch(found)
		if !soundsSecret(part[2]) {
			return found
		}
		return part[1] + part[2] + "=" + hidden
	})
}

// redactYAML is Redact for an error of the YAML package.
func redactYAML(err error) error {
	return errors.New(Redact(unusedValue.ReplaceAllString(err.Error(), "this")))
}

// RedactLogger returns a logger that redacts what it is given, since components
// log URLs, and errors with URLs in them, as they are.
func RedactLogger(logger *slog.Logger) *slog.Logger {
	if _, does := logger.Handler().(redactingHandler); does {
		return logger
	}
	return slog.New(redactingHandler{logger.Handler()})
}

type redactingHandler struct{ next slog.Handler }

// Enabled implements slog.Handler.
func (h redactingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h redactingHandler) Handle(ctx context.Context, r slog.Record) error {
	redacted := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		redacted.AddAttrs(redactAttr(a))
		return true
	})
	return h.next.Handle(ctx, redacted)
}

// WithAttrs implements slog.Handler.
func (h redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	redacted := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		redacted[i] = redactAttr(a)
	}
	return redactingHandler{h.next.WithAttrs(redacted)}
}

// WithGroup implements slog.Handler.
func (h redactingHandler) WithGroup(name string) slog.Handler {
	return redactingHandler{h.next.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Redact(value.String()))
	case slog.KindAny:
		a.Value = slog.StringValue(Redact(fmt.Sprint(value.Any())))
	case slog.KindGroup:
		group := make([]slog.Attr, len(value.Group()))
		for i, member := range value.Group() {
			group[i] = redactAttr(member)
		}
		a.Value = slog.GroupValue(group...)
	}
	return a
}

// redactedURLs hides what is secret in the label url, by which the forwarder tells
// its endpoints apart.
func redactedURLs(g prometheus.Gatherer) prometheus.GathererFunc {
	return func() ([]*dto.MetricFamily, error) {
		families, err := g.Gather()
		for _, family := range families {
			for _, m := range family.Metric {
				m.Label = redactLabels(m.Label)
			}
		}
		return families, err
	}
}

// redactLabels leaves the pairs as they are, since they belong to the metric.
func redactLabels(pairs []*dto.LabelPair) []*dto.LabelPair {
	for i, pair := range pairs {
		if pair.GetName() != "url" {
			continue
		}
		own := append([]*dto.LabelPair(nil), pairs...)
		redacted := Redact(pair.GetValue())
		own[i] = &dto.LabelPair{Name: pair.Name, Value: &redacted}
		return own
	}
	return pairs
}
