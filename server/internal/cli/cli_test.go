package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// run calls Main as a shell would, with a context that ends soon.
func run(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code = Main(ctx, args, Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// mistake is a command line that must fail with a code, and one line that holds
// what is wanted.
type mistake struct {
	name string
	args []string
	code int
	want []string
}

func checkMistakes(t *testing.T, mistakes []mistake) {
	t.Helper()
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			code, out, err := run(t, m.args...)
			if code != m.code {
				t.Errorf("exit code %d, want %d", code, m.code)
			}
			if strings.Count(err, "\n") != 1 || !strings.HasPrefix(err, "metertree: ") {
				t.Errorf("not one line: %q", err)
			}
			for _, want := range m.want {
				if !strings.Contains(err, want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.Contains(out, "ready") {
				t.Errorf("claims to be ready: %q", out)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	taken := realserver.TakenAddress(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("scrape_configs: [{job_nam: a}]"), 0o666); err != nil {
		t.Fatal(err)
	}
	free := "--web.listen-address=127.0.0.1:0"
	checkMistakes(t, []mistake{
		{"no command", nil, exitUsage, []string{"serve", "metertree --help"}},
		{"unknown command", []string{"scrape"}, exitUsage, []string{"scrape"}},
		{"unknown flag", []string{"serve", "--scrap=x"}, exitUsage, []string{"--scrap", "--scrape"}},
		{"bad duration", []string{"serve", "--storage.retention=5x"}, exitUsage, []string{"--storage.retention", `"5x" is not a duration`, "7d"}},
		{"bad size", []string{"serve", "--scrape.body-size-limit=much"}, exitUsage, []string{`"much" is not a size`, "64MB"}},
		{"short retention", []string{"serve", "--storage.retention=1m"}, exitUsage, []string{"at least 2h"}},
		{"negative number", []string{"serve", "--storage.max-exemplars=-5"}, exitUsage, []string{"-5 is negative", "--storage.max-exemplars"}},
		{"bad level", []string{"serve", "--log.level=loud"}, exitUsage, []string{"--log.level", "warn"}},
		{"bad URL", []string{"serve", "--scrape=ftp://h"}, exitUsage, []string{"use http or https"}},
		{"two sources of targets", []string{"serve", "--scrape=h:1", "--config.file=" + file}, exitUsage, []string{"--config.file", "--scrape"}},
		{"port in use", []string{"serve", "--web.listen-address=" + taken, "--storage.path=" + dataDir(t)}, exitFailure,
			[]string{taken, "is in use", "--web.listen-address"}},
		{"bad config", []string{"serve", free, "--config.file=" + file, "--storage.path=" + dataDir(t)}, exitFailure,
			[]string{file + ":1:", `unknown key "job_nam"`, `did you mean "job_name"?`}},
		{"the short name of the flag", []string{"serve", free, "--config=" + file, "--storage.path=" + dataDir(t)}, exitFailure,
			[]string{file + ":1:"}},
		{"storage path below a file", []string{"serve", free, "--storage.path=" + filepath.Join(file, "x")}, exitFailure,
			[]string{"cannot be created", "--storage.path"}},
	})
}

func TestHelp(t *testing.T) {
	tests := []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{"metertree serve --scrape", "version", "serve"}},
		{[]string{"serve", "--help"}, []string{"--config.file", "--scrape.body-size-limit", "127.0.0.1:2122", "curl", "/api/v1/otlp/v1/metrics"}},
	}
	for _, test := range tests {
		code, out, err := run(t, test.args...)
		if code != exitOK || err != "" {
			t.Errorf("%v: exit code %d, %q", test.args, code, err)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v lacks %q", test.args, want)
			}
		}
	}
}

// broken is an output whose use is a defect of the program.
type broken struct{}

func (broken) Write([]byte) (int, error) { panic("broken") }

func TestADefectIsNoSuccess(t *testing.T) {
	defer func() {
		if raised := recover(); raised != "broken" {
			t.Errorf("recovered %v", raised)
		}
	}()
	code := Main(t.Context(), []string{"version"}, Streams{In: strings.NewReader(""), Out: broken{}, Err: broken{}})
	t.Errorf("exit code %d, want a panic", code)
}

func TestVersion(t *testing.T) {
	for _, way := range []string{"version", "--version"} {
		code, out, err := run(t, way)
		if code != exitOK || err != "" || !strings.HasPrefix(out, "metertree ") || !strings.Contains(out, Version()) {
			t.Errorf("%s: exit code %d, %q, %q", way, code, out, err)
		}
	}
}
