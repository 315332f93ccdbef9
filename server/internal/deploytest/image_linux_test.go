package deploytest

import (
	"debug/elf"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/serve"
)

// secureTarget serves a metric by HTTPS, and returns its URL and the certificate of
// who vouches for it.
func secureTarget(t *testing.T) (url string, authority []byte) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintln(w, "answer 42")
	}))
	t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// The image has the binary and certificates, and nothing else: no shell, no user
// with rights.
func TestImage(t *testing.T) {
	i := lastImage(t)
	_, port, _ := strings.Cut(serve.DefaultListenAddress, ":")
	if i.user != fmt.Sprintf("%d:%d", user, user) || !slices.Equal(i.entrypoint, []string{"/metertree"}) || i.stopSignal != "SIGTERM" ||
		!slices.Equal(i.ports, []string{port}) || !slices.Equal(i.volumes, []string{"/data"}) || i.directory != "/data" {
		t.Errorf("the image is %+v", i)
	}
	r := newRoot(t, nil)
	files := r.files(t)
	slices.Sort(files)
	if !slices.Equal(files, []string{"/etc/ssl/certs/ca-certificates.crt", "/metertree"}) {
		t.Errorf("files: %q", files)
	}
	program, err := elf.Open(filepath.Join(r.directory, "metertree"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if _, said := r.run(t, i.entrypoint[0], "version"); !strings.HasPrefix(said, "metertree "+version+" (") {
		t.Errorf("version: %s", said)
	}
	if libraries, err := program.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("the binary needs %q", libraries)
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary is linked dynamically: it has a segment %v", p.Type)
		}
	}
}

// The image's binary is built as those of a release are.
func TestImageIsBuiltAsReleasesAre(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(repository, "scripts", "release.sh"))
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`-ldflags "(.*)\$.?(?:version|VERSION).?"`)
	var said [][]string
	for _, text := range []string{string(script), string(read(t, "docker", "Dockerfile"))} {
		said = append(said, flags.FindStringSubmatch(text))
		for _, want := range []string{"CGO_ENABLED=0", "GOWORK=off", "GOOS=linux", "-trimpath"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
	}
	if said[0] == nil || said[1] == nil || said[0][1] != said[1][1] {
		t.Errorf("the linker is told %q", said)
	}
}

// The image's command, in the image's file system, as the image's user: it becomes
// ready and healthy, trusts by the image's certificates, stores in the volume and
// nowhere else, and ends in order.
func TestImageRuns(t *testing.T) {
	i := lastImage(t)
	target, authority := secureTarget(t)
	r := newRoot(t, authority)
	line := append(slices.Clone(i.entrypoint), i.command...)
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return r.command(nil, append(slices.Clone(line), "--web.listen-address="+address, "--scrape="+target, "--scrape.interval=500ms")...)
	})
	health := append(slices.Clone(i.healthCheck), "--url="+p.URL)
	if code, said := r.run(t, health...); code != 0 {
		t.Errorf("%q: exit code %d\n%s", health, code, said)
	}
	client := apitest.Client{URL: p.URL}
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := client.Query(t, "answer", time.Now())
		return len(got) == 1, fmt.Sprint(client.Targets(t))
	})
	status, err := os.Stat(filepath.Join(r.directory, i.volumes[0], "wal"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := int(status.Sys().(*syscall.Stat_t).Uid); owner != user && os.Getuid() == 0 {
		t.Errorf("the database belongs to user %d, not to %d", owner, user)
	}
	end(t, p)
	if code, said := r.run(t, health...); code != 1 {
		t.Errorf("%q of a server that has ended: exit code %d\n%s", health, code, said)
	}
	r.protect(t)
	code, said := r.run(t, i.entrypoint[0], "serve", "--storage.path=/elsewhere", "--web.listen-address=127.0.0.1:0")
	if code != 1 || !strings.Contains(said, "--storage.path") {
		t.Errorf("storing beside the volume: exit code %d\n%s", code, said)
	}
}

// end asks a program to end, and wants it to do so in order.
func end(t *testing.T, p *realserver.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Exited():
	case <-time.After(time.Minute):
		t.Fatalf("not ended a minute after SIGTERM\n%s", p.Output())
	}
	if code := p.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM\n%s", code, p.Output())
	}
}
