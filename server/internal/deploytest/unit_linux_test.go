package deploytest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// unit is the systemd unit: the values of each setting, in order.
type unit map[string][]string

func readUnit(t *testing.T) unit {
	t.Helper()
	u := unit{}
	for line := range strings.Lines(string(read(t, "systemd", "metertree.service"))) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(name, "#") {
			u[name] = append(u[name], value)
		}
	}
	return u
}

// only is the one value that a setting has.
func (u unit) only(t *testing.T, setting string) string {
	t.Helper()
	if len(u[setting]) != 1 {
		t.Fatalf("%s is set to %q; want one value", setting, u[setting])
	}
	return u[setting][0]
}

// newUnitRoot is what the unit may see of a machine on which it has been installed.
func newUnitRoot(t *testing.T, u unit, configuration string) root {
	t.Helper()
	mayConfine(t)
	r := root{t.TempDir()}
	program := filepath.Join(r.directory, "usr", "local", "bin", "metertree")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(buildStage(t), "metertree"), program); err != nil {
		t.Fatal(err)
	}
	r.write(t, "/etc/"+u.only(t, "ConfigurationDirectory")+"/prometheus.yml", configuration)
	state := "/var/lib/" + u.only(t, "StateDirectory")
	r.mount(t, state, user)
	r.mount(t, "/tmp", user)    // as PrivateTmp=yes does
	r.protect(t, state, "/tmp") // as ProtectSystem=strict does
	return r
}

// The unit's own command lines work with the rights that it gives: start, reload of
// a good and of a bad file, stop.
func TestUnitRuns(t *testing.T) {
	u := readUnit(t)
	r := newUnitRoot(t, u, "scrape_configs: [{job_name: first}]\n")
	check := strings.Fields(u.only(t, "ExecStartPre"))
	if code, said := r.run(t, check...); code != 0 {
		t.Fatalf("%q: exit code %d\n%s", check, code, said)
	}
	line := strings.Fields(u.only(t, "ExecStart"))
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return r.command(u["Environment"], append(slices.Clone(line), "--web.listen-address="+address)...)
	})
	jobs := func(want string) {
		t.Helper()
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			var config struct{ YAML string }
			apitest.Client{URL: p.URL}.Get(t, "status/config", nil, &config)
			return strings.Contains(config.YAML, "job_name: "+want), config.YAML
		})
	}
	jobs("first")

	file := filepath.Join(r.directory, check[len(check)-1])
	for _, next := range []struct {
		configuration string
		good          bool
		jobs          string
	}{
		{"scrape_configs: [{job_name: second}]\n", true, "second"},
		{"scrape_configs: [{job_name: third, colour: red}]\n", false, "second"},
	} {
		if err := os.WriteFile(file, []byte(next.configuration), 0o644); err != nil {
			t.Fatal(err)
		}
		if reloaded := reload(t, u, r, p); reloaded != next.good {
			t.Errorf("%q was reloaded: %t", next.configuration, reloaded)
		}
		jobs(next.jobs)
	}
	end(t, p)
}

// reload runs the commands of ExecReload as systemd does: one after the other, until
// one fails.
func reload(t *testing.T, u unit, r root, p *realserver.Process) bool {
	t.Helper()
	for _, command := range u["ExecReload"] {
		if command == "/bin/kill -HUP $MAINPID" {
			if err := p.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if code, said := r.run(t, strings.Fields(command)...); code != 0 {
			if !strings.Contains(said, "prometheus.yml:1:") {
				t.Errorf("%s: %s", command, said)
			}
			return false
		}
	}
	return true
}

// exposure is the most that systemd-analyze may find the unit exposed, in tenths, of
// 100. What remains is the network, without which it is no server, and its directory;
// versions of systemd differ a little in what they count.
const exposure = "20"

// systemd finds nothing wrong with the unit, and the unit well fenced in.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze := realserver.Find(t, "systemd-analyze")
	// It wants the program and the manual to be there.
	text := strings.ReplaceAll(string(read(t, "systemd", "metertree.service")), "/usr/local/bin/metertree", filepath.Join(buildStage(t), "metertree"))
	text = strings.ReplaceAll(text, "Documentation=man:metertree(1)\n", "")
	path := filepath.Join(t.TempDir(), "metertree.service")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"verify", "--man=no", path},
		{"security", "--no-pager", "--offline=true", "--threshold=" + exposure, path},
	} {
		var said bytes.Buffer
		command := exec.Command(analyze, arguments...)
		command.Stdout, command.Stderr = &said, &said
		if err := command.Run(); err != nil || strings.Contains(said.String(), "Unknown") || strings.Contains(said.String(), "ignoring") {
			t.Errorf("systemd-analyze %s: %v\n%s", arguments[0], err, said.String())
		}
	}
}

func TestUnitSettings(t *testing.T) {
	u := readUnit(t)
	for setting, want := range map[string]string{
		"DynamicUser": "yes", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
		"PrivateDevices": "yes", "PrivateTmp": "yes", "Restart": "on-failure",
	} {
		if got := u.only(t, setting); got != want {
			t.Errorf("%s=%s, want %s", setting, got, want)
		}
	}
	if !strings.Contains(u.only(t, "ExecStart"), "--storage.path=/var/lib/"+u.only(t, "StateDirectory")) {
		t.Errorf("%s stores beside its directory of state", u.only(t, "ExecStart"))
	}
	limit, found := strings.CutPrefix(u.only(t, "Environment"), "GOMEMLIMIT=")
	if most := parseBytes(t, u.only(t, "MemoryMax")); !found || most < room(parseBytes(t, limit)) {
		t.Errorf("GOMEMLIMIT=%s needs %d bytes, MemoryMax is %d", limit, room(parseBytes(t, limit)), most)
	}
}
