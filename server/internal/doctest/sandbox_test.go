package doctest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// What a command says and what is run instead, so that a busy machine and one whose
// owner is not root will do. Nothing else is changed. Each entry must be of use to
// some page.
var (
	// ports are default ports; each page has others of its own.
	ports = []string{"2121", "2122", "2123", "8080", "8481", "9090", "9091", "9100"}
	// hosts are names of the reader's machines.
	hosts = []string{"prometheus", "mimir", "thanos-query", "vmselect"}
	// roots are directories outside of the reader's own.
	roots = []string{"/var/lib", "/usr/local", "/etc/metertree", "/etc/systemd", "/etc/grafana"}
	// answers are what a reader is asked for, or fills in.
	answers = map[string]string{
		"--user reader ":   "--user reader:" + password + " ", // curl asks for it
		"reader: $2y$10$…": "reader: " + passwordHash,         // htpasswd has printed it
		"store_read_error": "shop_call_error",                 // a recipe's program, and the one that runs here
	}
)

// password is one that a reader thinks of, and passwordHash its bcrypt hash.
const (
	password     = "a-long-password"
	passwordHash = "$2y$04$Fe3vTuPDgFTOZms8XS2b9eu8iq4ZOtg92I1oXZ1EVwXeGzAC3gYAC"
)

// sandbox is where a page is read: a directory that looks like the repository's
// root, with the programs and files that a reader has.
type sandbox struct {
	directory string
	ports     map[string]string // by the port of the documentation
}

// used collects what of the tables above, and of the programs' tables, was needed.
var used = struct {
	sync.Mutex
	names map[string]bool
}{names: map[string]bool{}}

func use(name string) {
	used.Lock()
	defer used.Unlock()
	used.names[name] = true
}

// newSandbox makes a directory for a page.
func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	s := &sandbox{directory: t.TempDir(), ports: map[string]string{}}
	for _, port := range ports {
		s.ports[port] = freePort(t)
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "bin" && name != ".git" && !strings.HasSuffix(name, "-data") {
			s.link(t, filepath.Join(root, name), name)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range programs {
		s.link(t, self, filepath.Join(".programs", name))
	}
	for _, name := range []string{"bin/metertree", "bin/release/metertree-linux-amd64", "metertree-linux-amd64"} {
		s.link(t, self, name)
	}
	for _, directory := range []string{".outputs", "var/lib", "usr/local/bin", "usr/local/share/man/man1", "etc/systemd/system"} {
		if err := os.MkdirAll(filepath.Join(s.directory, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, ".outputs/calls", "")
	// Without this curl ends well whatever the server says.
	s.write(t, ".curlrc", "fail\nsilent\nshow-error\nmax-time = 60\n")
	return s
}

func (s *sandbox) link(t *testing.T, to, name string) {
	t.Helper()
	name = filepath.Join(s.directory, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

// write saves a file in the reader's directory.
func (s *sandbox) write(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(s.directory, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o600)
	if strings.HasPrefix(text, "#!") {
		mode = 0o700
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// environment is that of the page's shell.
func (s *sandbox) environment(t *testing.T) []string {
	t.Helper()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.Join([]string{
		filepath.Join(s.directory, ".programs"), filepath.Join(s.directory, "usr/local/bin"), os.Getenv("PATH"),
	}, string(os.PathListSeparator))
	environment := append(os.Environ(), goEnvironment(t)...)
	environment = append(environment, "HOME="+s.directory, "PATH="+path, "REAL_PATH="+os.Getenv("PATH"), "COLUMNS=100",
		"SANDBOX="+s.directory, "REPOSITORY="+root)
	for port, other := range s.ports {
		environment = append(environment, "PORT_"+port+"="+other)
	}
	return environment
}

// rewritten is a command or a file as it is run or saved here.
func (s *sandbox) rewritten(text string) string {
	for from, to := range answers {
		if strings.Contains(text, from) {
			use("answer " + from)
			text = strings.ReplaceAll(text, from, to)
		}
	}
	for _, host := range hosts {
		if strings.Contains(text, "//"+host+":") {
			use("host " + host)
			text = strings.ReplaceAll(text, "//"+host+":", "//127.0.0.1:")
		}
	}
	for port, other := range s.ports {
		named := regexp.MustCompile(`:` + port + `\b`)
		if named.MatchString(text) {
			use("port " + port)
			text = named.ReplaceAllString(text, ":"+other)
		}
	}
	for _, root := range roots {
		outside := regexp.MustCompile(`([ =])` + regexp.QuoteMeta(root) + `\b`)
		if outside.MatchString(text) {
			use("root " + root)
			text = outside.ReplaceAllString(text, "${1}"+s.directory+root)
		}
	}
	return text
}

// withoutAddress asks the server at its usual address.
var withoutAddress = regexp.MustCompile(`^metertree doctor(?: |$)`)

// mentions are the default ports that a text asks at.
func mentions(text string) (found []string) {
	for _, port := range ports {
		if port == "2122" && withoutAddress.MatchString(text) && !strings.Contains(text, "--url") {
			found = append(found, port)
		} else if regexp.MustCompile(`(localhost|127\.0\.0\.1|//[a-z-]+):` + port + `\b`).MatchString(text) {
			found = append(found, port)
		}
	}
	return found
}

// taken are the ports given away so far.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// freePort is a port that nobody uses. It lies below those that systems give to
// connections, so that none takes it before a server of the page listens there.
func freePort(t *testing.T) string {
	t.Helper()
	taken.Lock()
	defer taken.Unlock()
	for range 1000 {
		port := 12000 + rand.IntN(18000)
		if taken.ports[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		taken.ports[port] = true
		return fmt.Sprint(port)
	}
	t.Fatal("no port is free between 12000 and 30000")
	return ""
}

// goEnvironment keeps the caches of Go where they are, whatever HOME is.
var goEnvironment = func() func(t *testing.T) []string {
	var once sync.Once
	var variables []string
	return func(t *testing.T) []string {
		t.Helper()
		once.Do(func() { variables = askGo(realserver.Find(t, "go")) })
		if len(variables) == 0 {
			t.Fatal("go env tells nothing")
		}
		return variables
	}
}()
