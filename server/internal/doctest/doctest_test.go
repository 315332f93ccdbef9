package doctest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// needs are programs of others that the commands are made of.
var needs = []string{"bash", "curl", "go", "jq", "openssl", "prometheus", "prometheus-node-exporter", "promtool", "tar", "victoria-metrics"}

// outcome is how a command ends that does not end with 0.
type outcome struct {
	command *regexp.Regexp
	status  int
	// fine judges what it printed; nil takes everything.
	fine func(output string) bool
	why  string
}

var outcomes = []outcome{
	{regexp.MustCompile(`^(bin/)?metertree lint http://127.0.0.1:(9100|2121)/metrics`), 1, nil, "other programs' names have findings"},
	{regexp.MustCompile(`^metertree doctor`), 1, onlyRoom, "this machine may have little room"},
}

// onlyRoom reports whether the doctor finds no fault but that this machine has
// little room, which it may or may not have.
func onlyRoom(output string) bool {
	for line := range strings.Lines(output) {
		fault := strings.HasPrefix(line, "error") || strings.HasPrefix(line, "warning")
		if fault && !strings.Contains(line, "(disk)") && !strings.Contains(line, "(memory)") && !strings.Contains(line, "(processors)") {
			return false
		}
	}
	return strings.Contains(output, "finding")
}

// reading is a page that is being read.
type reading struct {
	*sandbox
	*session
	page    page
	servers map[string]*server // by the port of the documentation
}

// TestEveryCommandRuns reads the documentation, page by page.
func TestEveryCommandRuns(t *testing.T) {
	for _, program := range needs {
		realserver.Find(t, program)
	}
	read, all := 0, 0
	t.Run("pages", func(t *testing.T) {
		for _, p := range pages(t) {
			if !slices.ContainsFunc(p.steps, func(s step) bool { return s.file == "" }) {
				continue
			}
			all++
			t.Run(p.path, func(t *testing.T) {
				read++
				t.Parallel()
				readPage(t, p)
			})
		}
	})
	if all < 10 {
		t.Errorf("%d pages have commands: are their blocks found?", all)
	}
	if read == all && !t.Failed() {
		checkUse(t)
	}
}

func readPage(t *testing.T, p page) {
	s := newSandbox(t)
	s.furnish(t)
	r := &reading{sandbox: s, session: newSession(t, s.directory, s.environment(t)), page: p, servers: map[string]*server{}}
	saved := map[string]bool{}
	for _, step := range p.steps {
		if step.file != "" && !saved[step.file] {
			saved[step.file] = true
			s.write(t, step.file, s.rewritten(step.text)) // some pages show a file below the command
		}
	}
	for _, step := range p.steps {
		if step.file != "" {
			s.write(t, step.file, s.rewritten(step.text))
			continue
		}
		if !r.do(t, step) {
			break // what follows builds on it
		}
	}
	for port := range r.servers {
		r.end(t, port)
	}
	recordCalls(t, s)
}

// do runs a step, and reports whether it did what the page promises.
func (r *reading) do(t *testing.T, s step) bool {
	t.Helper()
	kind, isServer := kindOf(s.text)
	var own string
	if isServer {
		own = kind.listensAt(s.text)
	}
	for _, port := range mentions(s.text) {
		if port != own && r.servers[port] == nil {
			r.startBeside(t, port)
		}
	}
	if isServer {
		return r.startServer(t, s, kind, "")
	}
	result, err := r.run(r.rewritten(s.text))
	if err == nil && (result.status == 0 || expected(s.text, result)) {
		t.Logf("%s:%d: %s: exit status %d", r.page.path, s.line, s.text, result.status)
		return true
	}
	t.Errorf("%s:%d: %s: exit status %d, error %v\n%s", r.page.path, s.line, s.text, result.status, err, result.output)
	for port, server := range r.servers {
		t.Logf("the server at port %s, %s, says\n%s", port, server.step.text, server.said())
	}
	return false
}

// expected reports whether a command is to end like this.
func expected(command string, r result) bool {
	for _, o := range outcomes {
		if o.status == r.status && o.command.MatchString(command) && (o.fine == nil || o.fine(r.output)) {
			use("outcome " + o.command.String())
			return true
		}
	}
	return false
}

// startBeside starts a server that the reader has already.
func (r *reading) startBeside(t *testing.T, port string) {
	t.Helper()
	command, known := beside[port]
	if !known {
		t.Fatalf("%s asks at port %s, where no server is", r.page.path, port)
	}
	use("beside " + port)
	for _, other := range append(mentions(command), portsScraped(command)...) {
		if other != port && r.servers[other] == nil {
			r.startBeside(t, other)
		}
	}
	if port == "9090" {
		if result, err := r.run(backfill); err != nil || result.status != 0 {
			t.Fatalf("%s: %v\n%s", backfill, err, result.output)
		}
	}
	kind, isServer := kindOf(command)
	if !isServer || !r.startServer(t, step{text: command}, kind, filled[port]) {
		t.Fatalf("%s does not start", command)
	}
}

// portsScraped are the ports that a server beside scrapes by its configuration.
func portsScraped(command string) []string {
	if strings.Contains(command, ".beside/prometheus.yml") {
		return mentions(scraped)
	}
	return nil
}

// startServer starts a server in place of the one at its port, and waits until it
// answers, or until it answers a question with data.
func (r *reading) startServer(t *testing.T, s step, k kind, question string) bool {
	t.Helper()
	port := k.listensAt(s.text)
	if r.ports[port] == "" {
		t.Errorf("%s:%d: %s listens at port %s, which is not among the ports of the documentation", r.page.path, s.line, s.text, port)
		return false
	}
	use("port " + port)
	r.end(t, port)
	begin := time.Now()
	running, err := r.start(t, s, r.rewritten(s.text))
	if err == nil {
		running.kind, r.servers[port] = k, running
		err = running.ready(t, r.ports[port], k.path, "")
	}
	if err == nil && question != "" {
		err = running.ready(t, r.ports[port], question, `"value"`)
	}
	if err != nil || running.ended() {
		t.Errorf("%s:%d: %s: error %v\n%s", r.page.path, s.line, s.text, err, running.said())
		return false
	}
	t.Logf("%s:%d: %s: ready after %.1f s", r.page.path, s.line, s.text, time.Since(begin).Seconds())
	return true
}

// end interrupts the server at a port, if there is one.
func (r *reading) end(t *testing.T, port string) {
	t.Helper()
	s := r.servers[port]
	if s == nil {
		return
	}
	delete(r.servers, port)
	result, err := s.interrupt()
	// The page's own end well; some of the others die of the signal.
	if err != nil || result.status != s.kind.status && s.step.line > 0 {
		t.Errorf("%s:%d: %s: exit status %d after an interrupt, error %v\n%s", r.page.path, s.step.line, s.step.text, result.status, err, result.output)
	}
}

// recordCalls notes which programs of ours the page called.
func recordCalls(t *testing.T, s *sandbox) {
	t.Helper()
	calls, err := os.ReadFile(filepath.Join(s.directory, ".outputs", "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(calls)) {
		use("program " + strings.TrimSpace(name))
	}
}

// checkUse fails for what no page needs any more.
func checkUse(t *testing.T) {
	t.Helper()
	var listed []string
	for name := range programs {
		listed = append(listed, "program "+name)
	}
	for _, port := range ports {
		listed = append(listed, "port "+port)
	}
	for _, host := range hosts {
		listed = append(listed, "host "+host)
	}
	for _, root := range roots {
		listed = append(listed, "root "+root)
	}
	for from := range answers {
		listed = append(listed, "answer "+from)
	}
	for port := range beside {
		listed = append(listed, "beside "+port)
	}
	for _, k := range kinds {
		listed = append(listed, "kind "+k.command.String())
	}
	for _, o := range outcomes {
		if o.fine == nil { // the others depend on the machine
			listed = append(listed, "outcome "+o.command.String())
		}
	}
	for _, name := range listed {
		if !used.names[name] {
			t.Errorf("no page needs the %s: take it off its list", name)
		}
	}
}
