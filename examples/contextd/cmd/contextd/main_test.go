package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// firstWrite calls back at the first thing written.
type firstWrite struct {
	strings.Builder
	then func()
}

// Write implements io.Writer.
func (w *firstWrite) Write(p []byte) (int, error) {
	defer w.then()
	return w.Builder.Write(p)
}

func TestRunSaysWhereItAnswers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := &firstWrite{then: cancel}
	if err := run(ctx, []string{"-listen=127.0.0.1:0", "-metrics.listen=127.0.0.1:0", "-incidents=off"}, out, io.Discard); err != nil {
		t.Error(err)
	}
	if got := out.String(); strings.Count(got, "http://127.0.0.1:") != 2 {
		t.Errorf("printed %q; want two addresses", got)
	}
}

func TestHelp(t *testing.T) {
	var help strings.Builder
	if err := run(t.Context(), []string{"-help"}, io.Discard, &help); err != nil {
		t.Error(err)
	}
	for _, flag := range []string{"-listen", "-metrics.listen", "-rate", "-incidents", "20s/1m30s/40s"} {
		if !strings.Contains(help.String(), flag) {
			t.Errorf("help lacks %s:\n%s", flag, help.String())
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, args := range [][]string{{"now"}, {"-colour=red"}, {"-incidents=often"}, {"-rate=many"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
