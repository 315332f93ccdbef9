package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// VersionCmd prints the version.
type VersionCmd struct {
	JSON bool `name:"json" help:"Print JSON instead."`
}

// Run implements the command.
func (c VersionCmd) Run(streams Streams) error {
	info := readBuild()
	if c.JSON {
		return outputError(writeJSON(streams.Out, info))
	}
	return outputError(info.print(streams.Out))
}

// build is what is known of how the binary was made. What is not known is empty.
type build struct {
	Version string `json:"version"`
	// Commit and Date are those of the source, the date as RFC 3339 has it.
	Commit string `json:"commit,omitempty"`
	Date   string `json:"date,omitempty"`
	// Modified is whether the source differed from the commit.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Prometheus is the version of the embedded server's module.
	Prometheus string `json:"prometheus,omitempty"`
}

func readBuild() build {
	b := build{Version: Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/prometheus/prometheus" {
			b.Prometheus = dependency.Version
		}
	}
	return b
}

func (b build) print(w io.Writer) error {
	commit := b.Commit
	if commit == "" {
		commit = "unknown"
	} else if b.Modified {
		commit += ", with changes"
	}
	date := b.Date
	if date == "" {
		date = "unknown"
	}
	_, err := fmt.Fprintf(w, "%s\n  commit      %s\n  date        %s\n  go          %s\n  platform    %s\n  prometheus  %s\n",
		versionLine(), commit, date, b.Go, b.Platform, b.Prometheus)
	return err
}

func versionLine() string {
	return fmt.Sprintf("metertree %s (%s, %s/%s)", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// released is the version of a release, set by the linker.
var released string

// Version is the version of the binary: that of a release, the module's, or the
// commit that it was built from, or "devel".
func Version() string {
	if released != "" {
		return released
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return "devel-" + setting.Value[:12]
		}
	}
	return "devel"
}
