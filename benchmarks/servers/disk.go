package servers

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// diskBytes is how many bytes the files below a directory have.
func diskBytes(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		n += info.Size()
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measuring the storage %s: %w", dir, err)
	}
	return n, nil
}
