package deploytest

import (
	"bytes"
	"path/filepath"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// manifest is a file of Kubernetes objects, as an API server decodes them.
type manifest struct {
	name    string
	objects []runtime.Object
}

// workload is what makes pods.
type workload struct {
	meta.ObjectMeta
	selector *meta.LabelSelector
	template core.PodTemplateSpec
	claims   []core.PersistentVolumeClaim
	// service is the one that names its pods, if it has one.
	service string
}

// manifests decodes all files. A key that is not there, twice or of another type is a
// mistake, as it is for kubectl apply --validate=strict.
func manifests(t *testing.T) (list []manifest) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob(filepath.Join(deploy, "kubernetes", "*.yaml"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		m := manifest{name: filepath.Base(file)}
		for document := range bytes.SplitSeq(read(t, "kubernetes", m.name), []byte("\n---\n")) {
			object, _, err := decoder.Decode(document, nil, nil)
			if err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
			m.objects = append(m.objects, object)
		}
		list = append(list, m)
	}
	return list
}

// of are the objects of a type.
func of[T runtime.Object](m manifest) (list []T) {
	for _, o := range m.objects {
		if typed, is := o.(T); is {
			list = append(list, typed)
		}
	}
	return list
}

// workloads are those of a file.
func (m manifest) workloads(t *testing.T) (list []workload) {
	t.Helper()
	for _, s := range of[*apps.StatefulSet](m) {
		list = append(list, workload{s.ObjectMeta, s.Spec.Selector, s.Spec.Template, s.Spec.VolumeClaimTemplates, s.Spec.ServiceName})
	}
	for _, d := range of[*apps.Deployment](m) {
		list = append(list, workload{ObjectMeta: d.ObjectMeta, selector: d.Spec.Selector, template: d.Spec.Template})
	}
	if len(list) != 1 {
		t.Fatalf("%s: %d workloads", m.name, len(list))
	}
	return list
}
