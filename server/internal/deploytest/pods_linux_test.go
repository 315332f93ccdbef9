package deploytest

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
	core "k8s.io/api/core/v1"
)

// Each container of ours runs with the arguments, the volumes and the rights that the
// manifest gives it, until its probes are content, and ends in order.
func TestPodsRun(t *testing.T) {
	for _, m := range manifests(t) {
		for _, w := range m.workloads(t) {
			ran := 0
			for _, c := range append(slices.Clone(w.template.Spec.InitContainers), w.template.Spec.Containers...) {
				if !ours(c) {
					continue
				}
				ran++
				t.Run(m.name+"/"+c.Name, func(t *testing.T) {
					r := newPodRoot(t, m, w, c)
					if len(c.Ports) == 0 && c.StartupProbe == nil {
						if code, said := r.run(t, commandOf(t, c)...); code != 0 {
							t.Errorf("exit code %d\n%s", code, said)
						}
						return
					}
					runContainer(t, r, c)
				})
			}
			if ran == 0 {
				t.Errorf("%s: no container of ours", m.name)
			}
		}
	}
}

// newPodRoot is the file system of a container: the image, read-only, and volumes.
func newPodRoot(t *testing.T, m manifest, w workload, c core.Container) root {
	t.Helper()
	r := newRoot(t, nil)
	var writable []string
	for _, mounted := range c.VolumeMounts {
		v, claimed := volumeOf(w, mounted.Name)
		switch {
		case claimed || v != nil && v.EmptyDir != nil:
			r.mount(t, mounted.MountPath, user)
			writable = append(writable, mounted.MountPath)
		case v != nil && v.ConfigMap != nil:
			for name, text := range configMap(t, m, v.ConfigMap.Name) {
				r.write(t, filepath.Join(mounted.MountPath, name), text)
			}
		case v != nil && v.Secret != nil:
			// The key that the commands at the file's head give the secret, and as
			// credentials_file names it.
			for _, name := range []string{"tokens", "token"} {
				r.write(t, filepath.Join(mounted.MountPath, name), "0123456789abcdef0123456789abcdef\n")
			}
		default:
			t.Fatalf("no volume %s", mounted.Name)
		}
	}
	r.protect(t, writable...)
	return r
}

func configMap(t *testing.T, m manifest, name string) map[string]string {
	t.Helper()
	for _, c := range of[*core.ConfigMap](m) {
		if c.Name == name {
			return c.Data
		}
	}
	t.Fatalf("%s: no ConfigMap %s", m.name, name)
	return nil
}

// commandOf is what the container runs: the image's program, and the arguments given
// instead of the image's.
func commandOf(t *testing.T, c core.Container) []string {
	t.Helper()
	if len(c.Command) > 0 {
		t.Fatalf("%s: has a command beside the image's: %q", c.Name, c.Command)
	}
	return append(slices.Clone(lastImage(t).entrypoint), c.Args...)
}

var listens = regexp.MustCompile(`^--web\.listen-address=:(\d+)$`)

// runContainer starts a container at a free port, asks its probes, and ends it.
func runContainer(t *testing.T, r root, c core.Container) {
	t.Helper()
	line := commandOf(t, c)
	at := slices.IndexFunc(line, listens.MatchString)
	if exposed := len(c.Ports) > 0; exposed != (at >= 0) {
		t.Fatalf("listens by %q, and has the ports %v", line, c.Ports)
	} else if exposed && listens.FindStringSubmatch(line[at])[1] != portNumber(c, "http") {
		t.Errorf("%s is not its port %s", line[at], portNumber(c, "http"))
	}
	environment := make([]string, 0, len(c.Env))
	for _, e := range c.Env {
		environment = append(environment, e.Name+"="+e.Value)
	}
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		here := slices.Clone(line)
		if at < 0 {
			here = append(here, "--web.listen-address="+address)
		} else { // on every interface, as in the pod: that asks for credentials
			here[at] = "--web.listen-address=" + address[strings.LastIndex(address, ":"):]
		}
		return r.command(environment, here...)
	})
	for name, probe := range map[string]*core.Probe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
		switch {
		case probe == nil && name == "readiness" && at < 0: // nobody sends it requests
		case probe == nil:
			t.Errorf("no %s probe", name)
		case probe.HTTPGet != nil:
			if portNumber(c, probe.HTTPGet.Port.StrVal) == "" {
				t.Errorf("%s probe: no port %s", name, probe.HTTPGet.Port.StrVal)
			}
			checkAnswers(t, p.URL+probe.HTTPGet.Path)
		default:
			if code, said := r.run(t, append(slices.Clone(probe.Exec.Command), "--url="+p.URL)...); code != 0 {
				t.Errorf("%s probe: exit code %d\n%s", name, code, said)
			}
		}
	}
	end(t, p)
}

// portNumber is that of a name, empty if there is none.
func portNumber(c core.Container, name string) string {
	for _, p := range c.Ports {
		if p.Name == name {
			return strconv.Itoa(int(p.ContainerPort))
		}
	}
	return ""
}

func checkAnswers(t *testing.T, url string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", url, response.Status)
	}
}
