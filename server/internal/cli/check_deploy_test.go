package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metertree/metertree/server/internal/gateway"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/serve"
	"go.yaml.in/yaml/v3"
)

func deployed(t *testing.T, path ...string) string {
	t.Helper()
	return string(mustRead(t, filepath.Join(append([]string{"deploy"}, path...)...)))
}

// object is what is read of a Kubernetes manifest.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name, Namespace string }
	Data       map[string]string
	Spec       struct {
		Template struct {
			Metadata struct {
				Annotations map[string]string
				Labels      map[string]string
			}
			Spec pod
		}
		Selector any
		Ports    []struct {
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}
}

type pod struct {
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	SecurityContext              struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
	Volumes        []struct{ Name string }
}

type container struct {
	Name, Image string
	Args        []string
	Env         []struct{ Name, Value string }
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe, ReadinessProbe, LivenessProbe probe `yaml:"-"`
	Resources                                   struct{ Requests, Limits map[string]string }
	SecurityContext                             struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	VolumeMounts []mount `yaml:"volumeMounts"`
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	Exec    struct{ Command []string }
}

// UnmarshalYAML reads the probes under the names they have.
func (c *container) UnmarshalYAML(node *yaml.Node) error {
	type plain container
	var probes struct {
		Startup   probe `yaml:"startupProbe"`
		Readiness probe `yaml:"readinessProbe"`
		Liveness  probe `yaml:"livenessProbe"`
	}
	if err := errors.Join(node.Decode((*plain)(c)), node.Decode(&probes)); err != nil {
		return err
	}
	c.StartupProbe, c.ReadinessProbe, c.LivenessProbe = probes.Startup, probes.Readiness, probes.Liveness
	return nil
}

func manifests(t *testing.T) map[string][]object {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "deploy", "kubernetes", "*.yaml"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	all := map[string][]object{}
	for _, file := range files {
		name := filepath.Base(file)
		decoder := yaml.NewDecoder(strings.NewReader(deployed(t, "kubernetes", name)))
		for {
			var o object
			if err := decoder.Decode(&o); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
				t.Errorf("%s: %+v lacks an apiVersion, kind or name", name, o)
			}
			all[name] = append(all[name], o)
		}
	}
	return all
}

// Each container of ours has arguments that we take, no rights, limits, and probes
// of a port that is open.
func TestKubernetesManifests(t *testing.T) {
	for file, objects := range manifests(t) {
		for _, o := range objects {
			p := o.Spec.Template.Spec
			for _, c := range append(slices.Clone(p.InitContainers), p.Containers...) {
				checkContainer(t, file, o, p, c)
			}
			if len(p.Containers) > 0 && (!p.SecurityContext.RunAsNonRoot || p.SecurityContext.SeccompProfile.Type != "RuntimeDefault" ||
				p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken) {
				t.Errorf("%s: %s runs as root, without seccomp, or with a token", file, o.Metadata.Name)
			}
		}
	}
}

func checkContainer(t *testing.T, file string, o object, p pod, c container) {
	t.Helper()
	where := file + ": " + c.Name
	s := c.SecurityContext
	if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("%s: has rights it does not need: %+v", where, s)
	}
	if c.Resources.Limits["memory"] == "" || c.Resources.Requests["cpu"] == "" || c.Resources.Requests["memory"] == "" {
		t.Errorf("%s: resources %+v", where, c.Resources)
	}
	for _, m := range c.VolumeMounts {
		claimed := m.Name == "data" && o.Kind == "StatefulSet"
		if !claimed && !slices.ContainsFunc(p.Volumes, func(v struct{ Name string }) bool { return v.Name == m.Name }) {
			t.Errorf("%s: no volume %s", where, m.Name)
		}
	}
	if !strings.HasPrefix(c.Image, "metertree:") {
		return
	}
	if err := parses(t, c.Args...); err != nil {
		t.Errorf("%s: %v", where, err)
	}
	for _, a := range c.Args {
		// Every file that is named lies in a volume.
		if _, path, found := strings.Cut(a, "=/"); found && !slices.ContainsFunc(c.VolumeMounts, func(m mount) bool {
			return strings.HasPrefix("/"+path, m.MountPath)
		}) {
			t.Errorf("%s: %s is in no volume", where, a)
		}
	}
	if !slices.Contains(c.Args, "check") {
		checkProbes(t, where, o, c)
	}
}

// checkProbes holds a server's probes and scrape annotations to its port.
func checkProbes(t *testing.T, where string, o object, c container) {
	t.Helper()
	if !slices.ContainsFunc(c.Env, func(e struct{ Name, Value string }) bool { return e.Name == "GOMEMLIMIT" }) {
		t.Errorf("%s: has no GOMEMLIMIT", where)
	}
	if len(c.Ports) == 0 { // on loopback
		for _, p := range []probe{c.StartupProbe, c.LivenessProbe} {
			if len(p.Exec.Command) == 0 || p.Exec.Command[0] != "/metertree" {
				t.Errorf("%s: probe %+v", where, p)
			} else if err := parses(t, p.Exec.Command[1:]...); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		}
		return
	}
	port := c.Ports[0].ContainerPort
	listens := regexp.MustCompile(`--web\.listen-address=:(\d+)`).FindStringSubmatch(strings.Join(c.Args, " "))
	annotations := o.Spec.Template.Metadata.Annotations
	if listens == nil || listens[1] != annotations["prometheus.io/port"] || annotations["prometheus.io/scrape"] != "true" || listens[1] != strconv.Itoa(port) {
		t.Errorf("%s: listens on %v, opens %d, and is scraped by %v", where, listens, port, annotations)
	}
	for path, p := range map[string]probe{"/-/ready": c.ReadinessProbe, "/-/healthy": c.LivenessProbe} {
		if p.HTTPGet.Path != path || p.HTTPGet.Port != c.Ports[0].Name {
			t.Errorf("%s: probe %+v, want %s", where, p, path)
		}
	}
	if c.StartupProbe.HTTPGet.Path != "/-/ready" {
		t.Errorf("%s: startup probe %+v", where, c.StartupProbe)
	}
	if !strings.Contains(strings.Join(c.Args, " "), "--web.push-token-file=") {
		t.Errorf("%s: listens beyond loopback without tokens", where)
	}
}

// Ports are those that the binary listens on unless told otherwise, everywhere.
func TestPortsAgree(t *testing.T) {
	server, gate := serve.DefaultListenAddress, gateway.DefaultListenAddress
	_, serverPort, _ := strings.Cut(server, ":")
	_, gatePort, _ := strings.Cut(gate, ":")
	for _, said := range []struct{ path, text string }{
		{"deploy/docker/Dockerfile", "EXPOSE " + serverPort},
		{"deploy/kubernetes/server.yaml", "containerPort: " + serverPort},
		{"deploy/kubernetes/server.yaml", "metertree-gateway.metertree.svc:" + gatePort},
		{"deploy/kubernetes/sidecar.yaml", "metertree.metertree.svc:" + serverPort},
		{"deploy/kubernetes/gateway.yaml", "containerPort: " + gatePort},
		{"deploy/README.md", "url: http://" + server},
		{"docs/operations.md", server},
	} {
		if !strings.Contains(string(mustRead(t, said.path)), said.text) {
			t.Errorf("%s does not say %s", said.path, said.text)
		}
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Configurations in manifests are ones that the server takes.
func TestConfigurationsInManifests(t *testing.T) {
	n := 0
	for file, objects := range manifests(t) {
		for _, o := range objects {
			for name, text := range o.Data {
				n++
				path := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := prom.LoadConfig(path, serve.Defaults("").Defaults); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
	if n != 2 {
		t.Errorf("%d configurations", n)
	}
}

// The image has one static file, no root, and asks itself how it is.
func TestDockerfile(t *testing.T) {
	text := strings.ReplaceAll(deployed(t, "docker", "Dockerfile"), "\\\n", " ")
	_, last, found := strings.Cut(text, "FROM scratch")
	if !found || !strings.Contains(text, "CGO_ENABLED=0") || !strings.Contains(last, "\nUSER 65532:65532") {
		t.Errorf("not static, from scratch, and without rights:\n%s", text)
	}
	list := regexp.MustCompile(`(?m)^\s*(HEALTHCHECK .*CMD|CMD) (\[.*\])$`)
	commands := list.FindAllStringSubmatch(last, -1)
	if len(commands) != 2 || !strings.HasPrefix(commands[0][1], "HEALTHCHECK") {
		t.Fatalf("commands %q", commands)
	}
	for _, c := range commands {
		var words []string
		if err := yaml.Unmarshal([]byte(c[2]), &words); err != nil {
			t.Fatal(err)
		}
		if err := parses(t, slices.DeleteFunc(words, func(w string) bool { return w == "/metertree" })...); err != nil {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	for _, m := range regexp.MustCompile(`-X (\S+)=`).FindAllStringSubmatch(text+string(mustRead(t, "scripts/release.sh")), -1) {
		if m[1] != "github.com/metertree/metertree/server/internal/cli.released" {
			t.Errorf("the linker is told to set %s", m[1])
		}
	}
}

// The unit's commands are ours, and systemd finds nothing wrong with it.
func TestSystemdUnit(t *testing.T) {
	unit := deployed(t, "systemd", "metertree.service")
	for _, setting := range []string{
		"DynamicUser=yes", "StateDirectory=metertree", "ProtectSystem=strict", "NoNewPrivileges=yes", "MemoryMax=2G",
		"CapabilityBoundingSet=\n", "Restart=on-failure", "PrivateDevices=yes", "ExecReload=/bin/kill -HUP $MAINPID",
	} {
		if !strings.Contains(unit, "\n"+setting) {
			t.Errorf("no %s", setting)
		}
	}
	commands := regexp.MustCompile(`(?m)^Exec\w+=/usr/local/bin/metertree (.*)$`).FindAllStringSubmatch(unit, -1)
	if len(commands) != 3 {
		t.Errorf("commands %q", commands)
	}
	for _, c := range commands {
		if err := parses(t, strings.Fields(c[1])...); err != nil {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not installed: the unit is checked for its settings only")
		return
	}
	// It wants the program and the manual to be there.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit = strings.ReplaceAll(unit, "/usr/local/bin/metertree", self)
	unit = strings.ReplaceAll(unit, "Documentation=man:metertree(1)\n", "")
	path := filepath.Join(t.TempDir(), "metertree.service")
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	command := exec.Command(analyze, "verify", "--man=no", path)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil || strings.Contains(out.String(), "Unknown") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out.String())
	}
}
