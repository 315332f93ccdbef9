package cli

import (
	"io"
	"log/slog"
)

// LogFlags choose what is logged and how. Logs go to the standard error stream.
type LogFlags struct {
	Level  string `name:"log.level" enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"Log messages of this level and above: ${enum}."`
	Format string `name:"log.format" enum:"logfmt,json" default:"logfmt" placeholder:"FORMAT" help:"Log format: ${enum}."`
}

func (f LogFlags) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	// The grammar admits only names that slog knows.
	_ = level.UnmarshalText([]byte(f.Level))
	options := &slog.HandlerOptions{Level: level}
	if f.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
