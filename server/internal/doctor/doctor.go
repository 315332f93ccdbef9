// Package doctor examines a running metertree server, and the machine it runs on
// if that is this one, and says in sentences what is wrong and what to do. It only
// reads.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Severity is how bad a finding is.
type Severity int

// A note is worth knowing; a warning will become a fault or hides one; an error is
// a fault.
const (
	Note Severity = iota
	Warning
	Error
)

// String is the severity as it is printed.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "note"
	}
}

// MarshalJSON implements json.Marshaler.
func (s Severity) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Finding is one thing that is wrong.
type Finding struct {
	Severity Severity `json:"severity"`
	// Check names what was examined, such as disk.
	Check   string `json:"check"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Report is what an examination found.
type Report struct {
	// Server is the address, without a password.
	Server string `json:"server"`
	// Version is the server's, empty if it did not tell.
	Version string `json:"version,omitempty"`
	// Examined are the names of what was looked at.
	Examined []string  `json:"examined"`
	Findings []Finding `json:"findings"`
}

// Worst is the severity of the worst finding; a report without findings has none.
func (r Report) Worst() (worst Severity, any bool) {
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	return worst, len(r.Findings) > 0
}

// Options say what to examine.
type Options struct {
	// URL is the server's, without a path, with user and password if it needs them.
	URL string
	// BearerToken authenticates, if it is not empty.
	BearerToken string
	// Client asks. Nil is http.DefaultClient; its timeout holds for each request.
	Client *http.Client
	// Version is that of this binary, to compare.
	Version string
	// StoragePath is the server's data directory as seen from here. Empty is what
	// the server says, if it runs here.
	StoragePath string
	// Alerts are evaluated on the server, without the time that they wait.
	Alerts []Alert
	// Local tells about this machine. The zero value knows nothing.
	Local Local
	// Now is the time here. Nil is time.Now.
	Now func() time.Time
}

// Local are facts of this machine. A function that is nil, or returns false, does
// not know.
type Local struct {
	Hostname string
	// Disk returns the bytes that are free to a user and all bytes of the file
	// system that holds a path.
	Disk func(path string) (free, total uint64, ok bool)
	// MemoryLimit is that of the control group, in bytes.
	MemoryLimit func() (int64, bool)
	// CPULimit is that of the control group, in processors.
	CPULimit func() (float64, bool)
	// Modified is when a file was changed last.
	Modified func(path string) (time.Time, bool)
}

// Ready asks only whether the server takes samples and answers queries.
func Ready(ctx context.Context, options Options) (Report, error) {
	c, err := newClient(options)
	if err != nil {
		return Report{}, err
	}
	found, _ := c.ready(ctx)
	return Report{Server: c.name(), Examined: []string{"ready"}, Findings: found}, nil
}

// Examine looks at everything. The error is that the options cannot be used; that
// the server cannot be reached is a finding.
func Examine(ctx context.Context, options Options) (Report, error) {
	c, err := newClient(options)
	if err != nil {
		return Report{}, err
	}
	found, queries := c.ready(ctx)
	report := Report{Server: c.name(), Examined: []string{"ready"}, Findings: found}
	if !queries {
		return report, nil
	}
	f, failed := c.facts(ctx)
	if failed != nil {
		report.Findings = append(report.Findings, *failed)
		return report, nil
	}
	f.local = f.here(options)
	f.alerts = c.alerts(ctx, options.Alerts)
	report.Version = f.version()
	for _, check := range checks {
		report.Examined = append(report.Examined, check.name)
		for _, finding := range check.look(f) {
			finding.Check = check.name
			report.Findings = append(report.Findings, finding)
		}
	}
	// The worst first, and those of one check together.
	slices.SortStableFunc(report.Findings, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) })
	return report, nil
}

// here returns what is known locally, which counts only where the server runs.
func (f *facts) here(options Options) Local {
	u, err := url.Parse(options.URL)
	if err != nil || !isLoopback(u.Hostname()) && (options.Local.Hostname == "" || options.Local.Hostname != f.runtime.Hostname) {
		return Local{}
	}
	return options.Local
}

// errURL is what a URL without a server is.
var errURL = errors.New("give one such as http://127.0.0.1:2122")

func newClient(options Options) (*client, error) {
	u, err := url.Parse(options.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the address of the server is not a URL: %w", errURL)
	}
	c := &client{base: u, token: options.BearerToken, http: options.Client, now: options.Now, own: options.Version, storage: options.StoragePath}
	if c.http == nil {
		c.http = http.DefaultClient
	}
	if c.now == nil {
		c.now = time.Now
	}
	return c, nil
}
