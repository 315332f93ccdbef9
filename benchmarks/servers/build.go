package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// prometheusCommand is the command of the version that the server embeds.
const (
	prometheusModule  = "github.com/prometheus/prometheus"
	prometheusCommand = prometheusModule + "/cmd/prometheus"
)

// Build builds metertree and the Prometheus that it embeds into a directory,
// both as scripts/release.sh builds: static, without paths and symbols. The
// module is the server's directory. Of Prometheus, service discoveries are left
// out, and its requirements are the workspace's, as in the tests that use it.
// The other programs must be installed.
func Build(ctx context.Context, module, dir string) (b Binaries, err error) {
	b.Metertree, b.Prometheus = filepath.Join(dir, "metertree"), filepath.Join(dir, "prometheus")
	if err := build(ctx, module, b.Metertree, []string{"GOWORK=off"}, "./cmd/metertree"); err != nil {
		return b, err
	}
	if err := build(ctx, module, b.Prometheus, nil, "-tags", "remove_all_sd", prometheusCommand); err != nil {
		return b, err
	}
	for program, path := range map[string]*string{"prometheus": &b.OldPrometheus, "victoria-metrics": &b.VictoriaMetrics} {
		if *path, err = exec.LookPath(program); err != nil {
			return b, fmt.Errorf("%w: scripts/install-test-deps.sh installs it on Debian", err)
		}
	}
	return b, nil
}

func build(ctx context.Context, module, output string, environment []string, arguments ...string) error {
	command := exec.CommandContext(ctx, "go", append([]string{
		"build", "-C", module, "-trimpath", "-ldflags", "-s -w -buildid=", "-o", output,
	}, arguments...)...)
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), environment...)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", filepath.Base(output), err, text)
	}
	return nil
}

// Identify fills the servers' versions in.
func Identify(ctx context.Context, module string, all []Server) error {
	for i := range all {
		s := &all[i]
		switch s.Name {
		case Metertree:
			s.Version = "this repository's"
		case Prometheus:
			version, err := moduleVersion(ctx, module, prometheusModule)
			if err != nil {
				return err
			}
			s.Version = "module " + prometheusModule + " " + version + ", whose storage and queries metertree embeds"
		default:
			s.Version = packageVersion(ctx, filepath.Base(s.Binary))
		}
	}
	return nil
}

func moduleVersion(ctx context.Context, dir, path string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", path)
	list.Dir = dir
	output, err := list.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
		}
		return "", fmt.Errorf("finding the version of %s: %w", path, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// packageVersion is that of Debian's package, which has the program's name: not
// every program knows what it is.
func packageVersion(ctx context.Context, name string) string {
	output, err := exec.CommandContext(ctx, "dpkg-query", "--show", "--showformat=${Version}", name).Output()
	if err != nil {
		return "of unknown version, not from a package of Debian"
	}
	return string(output) + ", Debian's package"
}
