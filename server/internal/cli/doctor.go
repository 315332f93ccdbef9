package cli

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/metertree/metertree/server/internal/doctor"
)

// DoctorCmd examines a running server.
type DoctorCmd struct {
	URL   string `name:"url" default:"http://${listen}" placeholder:"URL" help:"Address of the server, with user:password@ in it if it needs one (${default})."`
	Ready bool   `name:"ready" help:"Ask only whether the server answers queries, as a container's health check does."`
	JSON  bool   `name:"json" help:"Print JSON instead."`

	Rules       []string `name:"rules" sep:"none" type:"path" placeholder:"FILE" help:"Evaluate the alerts of this file of Prometheus rules too. Repeatable."`
	StoragePath string   `name:"storage.path" type:"path" placeholder:"DIR" help:"The server's data directory, if it is not where the server says, seen from here."`

	Timeout         Duration `name:"timeout" default:"10s" placeholder:"DURATION" help:"Wait so long for an answer (${default})."`
	BearerTokenFile string   `name:"bearer-token-file" type:"path" placeholder:"FILE" help:"File with the bearer token for the server."`
	CAFile          string   `name:"ca-file" type:"path" placeholder:"FILE" help:"Certificates to trust beside the system's, in PEM form."`
}

// Help is the detail that --help shows.
func (DoctorCmd) Help() string {
	return `On the machine of the server, as a user who may see its data:

  metertree doctor

From elsewhere, where it cannot look at disks and limits:

  metertree doctor --url https://me:secret@metrics.example.org --rules deploy/prometheus/server-alerts.yaml

It looks at: whether the server answers and is ready, versions, the configuration, targets, clocks, the disk and the retention, memory, processors, file descriptors, faults of the database, refused and dropped samples, discovery, forwarding, queries, metrics with many series, who may reach it, and alerts. It changes nothing.

The exit code is 0 if all is well or there are only notes, 1 for a warning or an error, and 2 if nothing could be examined. In a container:

  HEALTHCHECK CMD ["/metertree", "doctor", "--ready"]`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *DoctorCmd) Validate() error {
	if c.Timeout <= 0 {
		return fmt.Errorf("--timeout=%s is not positive: give one such as 10s", c.Timeout)
	}
	return nil
}

// Run implements the command.
func (c *DoctorCmd) Run(ctx context.Context, streams Streams) error {
	report, err := c.examine(ctx)
	if err != nil {
		return codedError{err, exitUsage}
	}
	if c.JSON {
		err = writeJSON(streams.Out, report)
	} else {
		err = printReport(streams.Out, report)
	}
	if err != nil {
		return codedError{outputError(err), exitUsage}
	}
	if worst, _ := report.Worst(); worst > doctor.Note {
		return fmt.Errorf("%s has %s: see above", report.Server, counted(len(report.Findings), "finding", "findings"))
	}
	return nil
}

func (c *DoctorCmd) examine(ctx context.Context) (doctor.Report, error) {
	options, err := c.options()
	if err != nil {
		return doctor.Report{}, err
	}
	defer options.Client.CloseIdleConnections()
	if c.Ready {
		return doctor.Ready(ctx, options)
	}
	return doctor.Examine(ctx, options)
}

func (c *DoctorCmd) options() (doctor.Options, error) {
	o := doctor.Options{URL: c.URL, Version: Version(), StoragePath: c.StoragePath, Local: doctor.ThisMachine()}
	if c.BearerTokenFile != "" {
		token, err := readSmall(c.BearerTokenFile)
		if err != nil {
			return o, fmt.Errorf("--bearer-token-file=%s: %w: give a file with the token", c.BearerTokenFile, err)
		}
		o.BearerToken = strings.TrimSpace(string(token))
	}
	for _, path := range c.Rules {
		alerts, err := doctor.ReadAlerts(path)
		if err != nil {
			return o, fmt.Errorf("--rules=%s: %w", path, err)
		}
		o.Alerts = append(o.Alerts, alerts...)
	}
	roots, err := c.roots()
	o.Client = &http.Client{
		Timeout:   time.Duration(c.Timeout),
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Proxy: http.ProxyFromEnvironment},
	}
	return o, err
}

// roots are the system's and those of --ca-file.
func (c *DoctorCmd) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w: give a file with certificates in PEM form", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca-file=%s has no certificate in it: give one in PEM form", c.CAFile)
	}
	return roots, nil
}

// printReport writes two sentences for each finding, and a verdict.
func printReport(w io.Writer, report doctor.Report) error {
	out := bufio.NewWriter(w)
	total := textWidth(w)
	sentence := func(text string) string {
		text = strings.TrimSuffix(strings.TrimSpace(printable(text)), ".")
		first, size := utf8.DecodeRuneInString(text)
		if size > 0 && !strings.HasPrefix(text, "http") && !strings.HasPrefix(text, "--") { // not a word
			text = string(unicode.ToUpper(first)) + text[size:]
		}
		return text + "."
	}
	for _, f := range report.Findings {
		fmt.Fprintln(out, wrap(fmt.Sprintf("%s (%s): %s %s", f.Severity, f.Check, sentence(f.Message), sentence(f.Remedy)), total, "    "))
	}
	version := ""
	if report.Version != "" {
		version = ", version " + report.Version
	}
	verdict := counted(len(report.Findings), "finding", "findings")
	if len(report.Findings) == 0 {
		verdict = "all is well"
	}
	fmt.Fprintln(out, wrap(printable(fmt.Sprintf("%s%s: %s; examined: %s", report.Server, version, verdict, strings.Join(report.Examined, ", "))), total, "    "))
	return out.Flush()
}
