package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// Every command succeeds with 0, fails with 1 and takes a mistake with 2, as the
// manual says.
func TestExitCodes(t *testing.T) {
	const prom, config, rules = "testdata/check/shop.prom", "testdata/check/good.yml", repository + "/deploy/prometheus/alerts.yaml"
	directory := t.TempDir()
	missing, clean := filepath.Join(directory, "none"), filepath.Join(directory, "clean.prom")
	if err := os.WriteFile(clean, []byte("# HELP shop_calls_total Calls.\n# TYPE shop_calls_total counter\nshop_calls_total 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pair := []string{"--before=testdata/source/before.prom", "--from=testdata/source/after.prom"}
	free, data := "--web.listen-address=127.0.0.1:0", "--storage.path="+dataDir(t)
	taken := "--web.listen-address=" + realserver.TakenAddress(t)
	untested := commandNames(t)
	for _, c := range []struct {
		command string
		// Arguments of a success, a failure and something that is a mistake. That
		// servers end with 0 is tested above.
		ok, fails, mistake []string
	}{
		{"serve", nil, []string{taken, data}, []string{free, "--log.level=loud"}},
		{"gateway", nil, []string{taken, data}, []string{free, "--gateway.idle=0s"}},
		{"demo", nil, nil, []string{"--log.level=loud"}},
		{"tree", []string{prom}, []string{missing}, []string{prom, "--depth=x"}},
		{"explain", slices.Concat([]string{"shop_call_error_ratio"}, pair), []string{"shop_calls_total", "--from=" + missing}, []string{"--from"}},
		{"ratio", pair[1:], []string{"--from=" + missing}, []string{"--from"}},
		{"lint", []string{clean}, []string{prom}, []string{clean, "--severity=loud"}},
		{"diff", []string{prom, prom}, []string{prom, clean}, []string{prom}},
		{"cardinality", []string{prom}, []string{prom, "--budget=1"}, []string{prom, "--budget=-1"}},
		{"check config", []string{config}, []string{"testdata/check/broken.yml"}, []string{missing}},
		{"check rules", []string{rules}, []string{"testdata/check/broken-rules.yml"}, []string{missing}},
		{"check metrics", []string{clean}, []string{config}, []string{missing}},
		{"doctor", nil, []string{"--url=http://127.0.0.1:1"}, []string{"--timeout=0s"}},
		{"completion", []string{"bash"}, nil, []string{"tcsh"}},
		{"man", []string{}, nil, []string{"page"}},
		{"version", []string{}, nil, []string{"--short"}},
	} {
		untested = slices.DeleteFunc(untested, func(name string) bool { return name == c.command })
		for code, arguments := range [][]string{exitOK: c.ok, exitFailure: c.fails, exitUsage: c.mistake} {
			if arguments == nil {
				continue
			}
			got, _, said := run(t, slices.Concat(strings.Fields(c.command), arguments)...)
			if got != code || (said == "") != (code == exitOK) {
				t.Errorf("%s %q: exit code %d, want %d; said %q", c.command, arguments, got, code, said)
			}
		}
	}
	if len(untested) > 0 {
		t.Errorf("untested: %q", untested)
	}
}

// commandNames are the commands that can be run.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	parser, err := newParser(t.Context(), Streams{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range completed(parser.Model.Node) {
		if len(c.Subs) == 0 {
			names = append(names, strings.TrimPrefix(c.Path, "metertree "))
		}
	}
	return names
}
