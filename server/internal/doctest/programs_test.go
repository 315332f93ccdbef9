package doctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/metertree/metertree/server/internal/cli"
)

// programs are what pages call that is not simply run: our own and Prometheus, which
// are told where to listen, and stand-ins for what cannot run on any machine. The
// test binary is all of them, by the name it is called by. A stand-in fails on what
// it does not know, and every one must be called by some page.
var programs = map[string]func(arguments []string) error{
	"metertree":  binary,
	"shop":       shopService,
	"prometheus": prometheus,
	"go":         goTool,
	"make":       makeTool,
	"systemctl":  systemctl, // needs systemd, as root
	"docker":     docker,    // needs its daemon and a registry
	"kubectl":    kubectl,   // needs a cluster
	"pidof":      pidof,     // would find the servers of other tests
	"htpasswd":   htpasswd,  // asks a terminal for the password
}

// exit is the exit status that a program ended with.
type exit int

func (e exit) Error() string { return "exit status " + strconv.Itoa(int(e)) }

func TestMain(m *testing.M) {
	program := programs[filepath.Base(os.Args[0])]
	if strings.HasPrefix(filepath.Base(os.Args[0]), "metertree-linux-") {
		program = binary
	}
	if program == nil {
		os.Exit(m.Run())
	}
	status := 0
	if err := errors.Join(called(), program(os.Args[1:])); err != nil && !errors.As(err, (*exit)(&status)) {
		fmt.Fprintf(os.Stderr, "%s %q: %v\n", filepath.Base(os.Args[0]), os.Args[1:], err)
		status = 64
	}
	os.Exit(status)
}

// called notes that the program was called.
func called() error {
	calls, err := os.OpenFile(filepath.Join(os.Getenv("SANDBOX"), ".outputs", "calls"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(calls, filepath.Base(os.Args[0]))
	return errors.Join(err, calls.Close())
}

// at is the address that stands for one of the documentation.
func at(port string) string { return "127.0.0.1:" + os.Getenv("PORT_"+port) }

// pidFile names the file with the number of the process of the last server.
func pidFile() string { return filepath.Join(os.Getenv("SANDBOX"), ".outputs", "pid") }

// unless appends a flag that is not given.
func unless(arguments []string, flag, value string) []string {
	if slices.ContainsFunc(arguments, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") }) {
		return arguments
	}
	return append(arguments, flag+"="+value)
}

// binary is metertree, which listens and asks at the page's ports by default.
func binary(arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "serve":
			arguments = unless(arguments, "--web.listen-address", at("2122"))
		case "gateway":
			arguments = unless(arguments, "--web.listen-address", at("9091"))
		case "demo":
			arguments = unless(arguments, "--listen", at("2123"))
		case "doctor":
			arguments = unless(arguments, "--url", "http://"+at("2122"))
		}
		if arguments[0] == "serve" {
			if err := os.WriteFile(pidFile(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
				return err
			}
		}
	}
	code := cli.Main(context.Background(), arguments, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	if code != 0 {
		return exit(code)
	}
	return nil
}

// instead runs the program of that name that the machine has, in place of this one.
func instead(program string, arguments ...string) error {
	path, err := lookIn(os.Getenv("REAL_PATH"), program)
	if err != nil {
		return err
	}
	if err := os.Setenv("PATH", os.Getenv("REAL_PATH")); err != nil {
		return err
	}
	return syscall.Exec(path, append([]string{program}, arguments...), os.Environ())
}

func prometheus(arguments []string) error {
	arguments = unless(arguments, "--web.listen-address", at("9090"))
	arguments = unless(arguments, "--storage.tsdb.path", ".beside/prometheus-data")
	return instead("prometheus", append(arguments, "--log.level=warn")...)
}

// makeTool checks that the targets are there; only what follows from them is run.
func makeTool(targets []string) error {
	path, err := lookIn(os.Getenv("REAL_PATH"), "make")
	if err != nil {
		return err
	}
	command := exec.Command(path, append([]string{"-n", "-C", os.Getenv("REPOSITORY")}, targets...)...)
	command.Stderr = os.Stderr
	would, err := command.Output()
	if err != nil {
		return err
	}
	if !slices.Equal(targets, []string{"run"}) {
		_, err = os.Stdout.Write(would)
		return err
	}
	if !strings.Contains(string(would), "bin/metertree demo\n") {
		return fmt.Errorf("does not start the demonstration, but\n%s", would)
	}
	return binary([]string{"demo"})
}

func systemctl(arguments []string) error {
	if slices.Equal(arguments, []string{"daemon-reload"}) {
		return nil
	}
	known := []string{"enable", "restart", "reload", "start", "stop", "status", "edit"}
	if len(arguments) < 2 || !slices.Contains(known, arguments[0]) {
		return errors.New("not known to this stand-in")
	}
	if arguments[0] == "enable" && arguments[1] == "--now" {
		arguments = arguments[1:]
	}
	for _, unit := range arguments[1:] {
		if unit == "grafana-server" { // a unit of Grafana's own package
			continue
		}
		if _, err := os.Stat(filepath.Join("deploy/systemd", strings.TrimSuffix(unit, ".service")+".service")); err != nil {
			return err
		}
	}
	return nil
}

func pidof(arguments []string) error {
	if !slices.Equal(arguments, []string{"metertree"}) {
		return errors.New("not known to this stand-in")
	}
	number, err := os.ReadFile(pidFile())
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(number, '\n'))
	return err
}

func htpasswd(arguments []string) error {
	if !slices.Equal(arguments, []string{"-nBC", "10", "reader"}) {
		return errors.New("not known to this stand-in")
	}
	_, err := io.WriteString(os.Stdout, "reader:"+passwordHash+"\n")
	return err
}

// understood reports whether the arguments are a command line of ours.
func understood(arguments []string) error {
	var out, errs bytes.Buffer
	if code := cli.Main(context.Background(), append(arguments, "--help"), cli.Streams{In: os.Stdin, Out: &out, Err: &errs}); code != 0 {
		return fmt.Errorf("metertree %q: %s", arguments, errs.String())
	}
	return nil
}

func readAll(response *http.Response) string {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
