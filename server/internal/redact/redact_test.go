package redact

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"nothing to hide: a@b?":                "nothing to hide: a@b?",
		"http://h:1/x?y=z":                     "http://h:1/x?y=z",
		"http://me:pass@h/x":                   "http://<secret>@h/x",
		"http://me:p@ss@h/x@y":                 "http://<secret>@h/x@y",
		`Get "https://u:p@h:x/": bad port`:     `Get "https://<secret>@h:x/": bad port`,
		"http://h/?token=a&x=b&Api_Key=c#d":    "http://h/?token=<secret>&x=b&Api_Key=<secret>#d",
		`Post "http://h/w?password=a": refuse`: `Post "http://h/w?password=<secret>": refuse`,
		"http://h/?at=me@h":                    "http://h/?at=me@h",
	} {
		if got := Text(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestLogger(t *testing.T) {
	var log bytes.Buffer
	logger := Logger(slog.New(slog.NewTextHandler(&log, nil)))
	const secret = "http://me:hush@h/?token=hush"
	address, err := url.Parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	logger.With("url", secret).WithGroup("g").Error("asked "+secret, "err", errors.New(secret), "url", address,
		slog.Group("inner", "text", secret), "count", 7)
	if got := log.String(); strings.Contains(got, "hush") || !strings.Contains(got, "g.count=7") || strings.Count(got, "<secret>@h") != 5 {
		t.Errorf("log: %s", got)
	}
	if Logger(logger) != logger {
		t.Error("a logger that redacts is wrapped again")
	}
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		t.Error("more is logged than before")
	}
}
