package deploytest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const (
	// repository is its root, seen from here.
	repository = "../../.."
	// user is that of the image, of pods and here of the unit: nobody on this machine.
	user = 65532
	// version is the one that the image is told to have.
	version = "v1.2.3-test"
)

var (
	outPath = regexp.MustCompile(`/out\b`)

	building sync.Once
	// buildFailed is what went wrong in the building.
	buildFailed string
)

// buildStage runs the commands of the Dockerfile's first stage, once, with the
// compiler of this machine, and returns what stands for its directory /out.
func buildStage(t *testing.T) (out string) {
	t.Helper()
	out = filepath.Join(scratch, "out")
	first := stages(t)[0]
	building.Do(func() { buildFailed = runStage(first, out) })
	if buildFailed != "" {
		t.Fatal(buildFailed)
	}
	return out
}

// runStage runs a stage's commands in the repository, with out for its /out. It
// returns what went wrong.
func runStage(s stage, out string) string {
	environment := os.Environ()
	for _, i := range s.instructions {
		switch i.keyword {
		case "ARG":
			name, value, _ := strings.Cut(i.text, "=")
			if name == "VERSION" {
				value = version
			}
			environment = append(environment, name+"="+value)
		case "RUN":
			command := exec.Command("/bin/sh", "-euc", outPath.ReplaceAllLiteralString(i.text, out))
			command.Dir, command.Env = repository, environment
			if output, err := command.CombinedOutput(); err != nil {
				return fmt.Sprintf("%s: %v\n%s", i.text, err, output)
			}
		case "WORKDIR", "COPY":
			if i.text != "/src" && i.text != ". ." {
				return i.keyword + " " + i.text + " is not known here: teach the test what it does"
			}
		default:
			return i.keyword + " is not known here: teach the test what it does"
		}
	}
	return ""
}

// root is a directory that is the root of a program's file system: all that it can
// see.
type root struct{ directory string }

// newRoot makes the file system of the image. The certificates are those given.
func newRoot(t *testing.T, certificates []byte) root {
	t.Helper()
	mayConfine(t)
	out := buildStage(t)
	r := root{t.TempDir()}
	for _, c := range lastImage(t).copies {
		source, target := c.words[0], filepath.Join(r.directory, c.words[1])
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(outPath.ReplaceAllLiteralString(source, out))
		switch {
		case source == "/etc/ssl/certs/ca-certificates.crt":
			err = os.WriteFile(target, certificates, 0o644)
		case err == nil && info.IsDir():
			r.mount(t, c.words[1], ownerOf(t, c.options["--chown"]))
		case err == nil:
			err = os.Link(outPath.ReplaceAllLiteralString(source, out), target)
		}
		if err != nil {
			t.Fatalf("COPY %s: %v", c.text, err)
		}
	}
	return r
}

// mayConfine skips a test where this user may not run programs as another one, or
// fails it where the environment says CI=true.
func mayConfine(t *testing.T) {
	t.Helper()
	err := root{"/"}.command(nil, "/bin/true").Run()
	if err == nil {
		return
	}
	missing := fmt.Sprintf("programs cannot be run as another user: %v: run the test as root, or allow user namespaces", err)
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// ownerOf is the user in user:group.
func ownerOf(t *testing.T, owner string) int {
	t.Helper()
	if owner == "" {
		return 0
	}
	name, group, _ := strings.Cut(owner, ":")
	id, err := strconv.Atoi(name)
	if err != nil || group != name {
		t.Fatalf("owner %q; want two equal numbers: the image has no list of users", owner)
	}
	return id
}

// mount puts an empty directory of an owner there, as a volume would be.
func (r root) mount(t *testing.T, path string, owner int) {
	t.Helper()
	directory := filepath.Join(r.directory, path)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(directory, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
}

// write puts a file of root's there that everybody may read.
func (r root) write(t *testing.T, path, text string) {
	t.Helper()
	file := filepath.Join(r.directory, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// protect takes the right to write to any directory that is there by now, but those
// given.
func (r root) protect(t *testing.T, writable ...string) {
	t.Helper()
	err := filepath.WalkDir(r.directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if slices.Contains(writable, strings.TrimPrefix(path, r.directory)) {
			return fs.SkipDir
		}
		t.Cleanup(func() {
			if err := os.Chmod(path, 0o755); err != nil { // so that it can be removed
				t.Error(err)
			}
		})
		if os.Getuid() == 0 {
			err = os.Chown(path, 0, 0)
		}
		return errors.Join(err, os.Chmod(path, 0o555))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// files are those that are there, by their paths inside.
func (r root) files(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(r.directory, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, strings.TrimPrefix(path, r.directory))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// command is a program inside, which sees nothing else, and has no rights but the
// user's. Root changes the root; who is not root does so in a user namespace, in
// which the user is himself.
func (r root) command(environment []string, args ...string) *exec.Cmd {
	command := exec.Command(args[0], args[1:]...)
	command.Dir = "/"
	command.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, environment...)
	command.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     r.directory,
		Credential: &syscall.Credential{Uid: user, Gid: user, NoSetGroups: os.Getuid() != 0},
	}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getgid(), Size: 1}}
	}
	return command
}

// run runs a command to its end, and returns its exit code and what it printed.
func (r root) run(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	command := r.command(nil, args...)
	out, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return command.ProcessState.ExitCode(), string(out)
}
