package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// save keeps the report, if it is wanted.
func (c *CardinalityCmd) save(report cardinalityReport) error {
	if c.Save == "" {
		return nil
	}
	write := replaceFile
	if info, err := os.Stat(c.Save); err == nil && !info.Mode().IsRegular() {
		write = writeInto // such as a pipe, which must not be replaced
	}
	if err := write(c.Save, func(w io.Writer) error { return writeJSON(w, report) }); err != nil {
		return fmt.Errorf("--save=%s: %w: give a file in a directory that can be written", c.Save, pathCause(err))
	}
	return nil
}

// replaceFile writes a file anew, so that it is never there in part.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".metertree-*")
	if err != nil {
		return err
	}
	// Once it has its name, there is nothing left to remove.
	defer func() { _ = os.Remove(f.Name()) }()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// readEarlier reads the report to compare with, if one is named. It is held to the
// limit of what is read.
func (c *CardinalityCmd) readEarlier() (*cardinalityReport, error) {
	if c.Against == "" {
		return nil, nil
	}
	report, err := c.decodeEarlier()
	if err == nil {
		return report, nil
	}
	remedy := "give a file that --save wrote"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		remedy = "write one with --save first"
	case errors.Is(err, errTooLarge):
		remedy = "raise --body-size-limit to read it all"
	}
	return nil, fmt.Errorf("--against=%s: %w: %s", c.Against, pathCause(err), remedy)
}

func (c *CardinalityCmd) decodeEarlier() (*cardinalityReport, error) {
	f, err := os.Open(c.Against)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	report := &cardinalityReport{}
	if err := json.NewDecoder(&limitedReader{r: f, limit: int64(c.BodySizeLimit)}).Decode(report); err != nil {
		return nil, err
	}
	if report.Metrics == nil {
		return nil, errors.New("no numbers of series in it")
	}
	return report, nil
}

// pathCause takes the path out of an error that names it otherwise.
func pathCause(err error) error {
	var known *fs.PathError
	if errors.As(err, &known) {
		return known.Err
	}
	return err
}
