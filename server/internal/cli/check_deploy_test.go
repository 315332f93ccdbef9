package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/server/internal/gateway"
	"github.com/metertree/metertree/server/internal/serve"
)

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
