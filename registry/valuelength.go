package registry

// MaxValueLength is the longest label value that has a series of its own, in
// bytes. A longer one is no label but a document, of which ten thousand fit into
// no budget: it is merged into Overflow.
const MaxValueLength = 4096

// hasLong reports whether a value is longer than MaxValueLength.
func hasLong(values []string) bool {
	for _, v := range values {
		if len(v) > MaxValueLength {
			return true
		}
	}
	return false
}

// cutLong merges the values that are too long, in the order of f.keys, counts
// them, and reports whether there were any.
func (f *family) cutLong(values []string) (cut bool) {
	for at, v := range values {
		if len(v) <= MaxValueLength {
			continue
		}
		values[at], cut = Overflow, true
		key := f.keys[at]
		if f.registry.self.overflowed != nil {
			f.registry.self.overflowed.AddInt(1, f.Name, key)
		}
		if f.registry.firstOf(f.Name, key) {
			f.registry.options.Logger.Warn("a label value is too long and is merged",
				"metric", f.Name, "key", key, "bytes", len(v), "limit", MaxValueLength,
				"remedy", "give the label a value from a finite set, such as a class or a template")
		}
	}
	return cut
}
