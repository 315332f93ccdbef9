package deploytest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// What belongs together in a manifest fits together.
func TestManifestsFitTogether(t *testing.T) {
	for _, m := range manifests(t) {
		for _, w := range m.workloads(t) {
			if !selects(t, w.selector, w.template.Labels) {
				t.Errorf("%s: %s does not select its own pods", m.name, w.Name)
			}
			if w.service != "" && !slices.ContainsFunc(of[*core.Service](m), func(s *core.Service) bool { return s.Name == w.service && s.Namespace == w.Namespace }) {
				t.Errorf("%s: %s is named by no service %s", m.name, w.Name, w.service)
			}
			for _, s := range of[*core.Service](m) {
				if !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.template.Labels)) || s.Namespace != w.Namespace {
					t.Errorf("%s: service %s selects no pod", m.name, s.Name)
				}
				for _, p := range s.Spec.Ports {
					if port := portOf(w, p.TargetPort.StrVal); port != p.Port {
						t.Errorf("%s: service %s leads %d to the port %s, which is %d", m.name, s.Name, p.Port, p.TargetPort.StrVal, port)
					}
				}
			}
			for _, n := range of[*networking.NetworkPolicy](m) {
				if !selects(t, &n.Spec.PodSelector, w.template.Labels) || n.Namespace != w.Namespace || len(n.Spec.Ingress) == 0 ||
					n.Spec.Ingress[0].Ports[0].Port.IntVal != portOf(w, "http") {
					t.Errorf("%s: network policy %s is of no pod or port", m.name, n.Name)
				}
			}
			if port, scraped := w.template.Annotations["prometheus.io/port"]; scraped && port != strconv.Itoa(int(portOf(w, "http"))) {
				t.Errorf("%s: %s is scraped at port %s", m.name, w.Name, port)
			}
		}
	}
}

func selects(t *testing.T, selector *meta.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return !s.Empty() && s.Matches(labels.Set(of))
}

// portOf is the number of a container's port, 0 if there is none of that name.
func portOf(w workload, name string) int32 {
	for _, c := range w.template.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name {
				return p.ContainerPort
			}
		}
	}
	return 0
}

// Pods have no rights, time to end in, and containers have limits.
func TestPodsAreConfined(t *testing.T) {
	for _, m := range manifests(t) {
		for _, w := range m.workloads(t) {
			p := w.template.Spec
			if s := p.SecurityContext; s == nil || !isTrue(s.RunAsNonRoot) || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault ||
				s.RunAsUser == nil || *s.RunAsUser != user || s.FSGroup == nil || *s.FSGroup != user {
				t.Errorf("%s: %s runs as another user than the image's, or without seccomp", m.name, w.Name)
			}
			if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
				t.Errorf("%s: %s has a token for the API server", m.name, w.Name)
			}
			if p.TerminationGracePeriodSeconds == nil || *p.TerminationGracePeriodSeconds < 60 {
				t.Errorf("%s: %s has less than a minute to end in", m.name, w.Name)
			}
			for _, c := range append(slices.Clone(p.InitContainers), p.Containers...) {
				checkConfined(t, m.name+": "+c.Name, c)
				checkVolumes(t, m.name+": "+c.Name, w, c)
			}
		}
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

func checkConfined(t *testing.T, where string, c core.Container) {
	t.Helper()
	s := c.SecurityContext
	if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !isTrue(s.ReadOnlyRootFilesystem) ||
		s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
		t.Errorf("%s has rights it does not need", where)
	}
	most := c.Resources.Limits.Memory().Value()
	if most == 0 || c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || most < c.Resources.Requests.Memory().Value() {
		t.Errorf("%s: resources %v", where, c.Resources)
	}
	if !ours(c) || c.Args[0] == "check" {
		return
	}
	at := slices.IndexFunc(c.Env, func(e core.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
	if at < 0 {
		t.Fatalf("%s has no GOMEMLIMIT", where)
	}
	if need := room(parseBytes(t, c.Env[at].Value)); most < need {
		t.Errorf("%s: GOMEMLIMIT=%s needs %d bytes, the limit is %d", where, c.Env[at].Value, need, most)
	}
}

// checkVolumes wants a volume behind each mount, one that lasts behind the data of a
// set, and secrets that the pod's group, and nobody else, can read.
func checkVolumes(t *testing.T, where string, w workload, c core.Container) {
	t.Helper()
	for _, m := range c.VolumeMounts {
		v, claimed := volumeOf(w, m.Name)
		if v == nil && !claimed {
			t.Errorf("%s: no volume %s", where, m.Name)
		}
		if m.Name == "data" && w.service != "" && !claimed {
			t.Errorf("%s: the data do not outlive the pod", where)
		}
		if v == nil {
			continue
		}
		if (v.ConfigMap != nil || v.Secret != nil) != m.ReadOnly {
			t.Errorf("%s: volume %s is read-only: %t", where, m.Name, m.ReadOnly)
		}
		if v.Secret != nil && (v.Secret.DefaultMode == nil || *v.Secret.DefaultMode != 0o440) {
			t.Errorf("%s: secret %s is not of mode 0440", where, m.Name)
		}
	}
}

func volumeOf(w workload, name string) (v *core.Volume, claimed bool) {
	for i := range w.template.Spec.Volumes {
		if w.template.Spec.Volumes[i].Name == name {
			v = &w.template.Spec.Volumes[i]
		}
	}
	return v, slices.ContainsFunc(w.claims, func(c core.PersistentVolumeClaim) bool {
		return c.Name == name && slices.Contains(c.Spec.AccessModes, core.ReadWriteOnce) && !c.Spec.Resources.Requests.Storage().IsZero()
	})
}

// ours is whether a container runs our image.
func ours(c core.Container) bool { return strings.HasPrefix(c.Image, "metertree:") }
