package webconfig

import (
	"context"
	"log/slog"
)

// onlyErrors leaves out what exporter-toolkit tells at each start: where it
// listens, which it does not here.
func onlyErrors(logger *slog.Logger) *slog.Logger { return slog.New(errorHandler{logger.Handler()}) }

type errorHandler struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h errorHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}
