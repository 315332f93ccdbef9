// Package redact hides secrets in what is shown or logged.
package redact

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// Hidden stands where a secret was; it is the word that Prometheus uses.
const Hidden = "<secret>"

var (
	// urlUser is what stands before the host of a URL, as far as it may reach: a
	// password need not be escaped where the URL is wrong.
	urlUser = regexp.MustCompile(`://[^/\s"'?#]*@`)
	// parameter is one of a URL, its name apart.
	parameter = regexp.MustCompile(`([?&])([^=&\s"'#]*)=([^&\s"'#]*)`)
)

// Text hides what the URLs in a text have of users and passwords, and of
// parameters whose name says that they are secret.
func Text(text string) string {
	text = urlUser.ReplaceAllString(text, "://"+Hidden+"@")
	return parameter.ReplaceAllStringFunc(text, func(found string) string {
		part := parameter.FindStringSubmatch(found)
		if !Named(part[2]) {
			return part[1] + part[2] + "=" + Text(part[3]) // it may be a URL itself
		}
		return part[1] + part[2] + "=" + Hidden
	})
}

// Named reports whether what has this name is a secret, as its name says.
func Named(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"token", "secret", "password", "passwd", "auth", "key"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// Logger returns a logger that redacts what it is given, since components
// log URLs, and errors with URLs in them, as they are.
func Logger(logger *slog.Logger) *slog.Logger {
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
	redacted := slog.NewRecord(r.Time, r.Level, Text(r.Message), r.PC)
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
		a.Value = slog.StringValue(Text(value.String()))
	case slog.KindAny:
		a.Value = slog.StringValue(Text(fmt.Sprint(value.Any())))
	case slog.KindGroup:
		group := make([]slog.Attr, len(value.Group()))
		for i, member := range value.Group() {
			group[i] = redactAttr(member)
		}
		a.Value = slog.GroupValue(group...)
	}
	return a
}
