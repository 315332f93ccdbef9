package policy

const (
	// Overflow is the label value that stands for the values beyond a bound.
	Overflow = "__overflow__"
	// Unknown is the label value of what nobody named, such as work done for no
	// tenant.
	Unknown = "__unknown__"
	// Other is the label value of what a normaliser does not list.
	Other = "other"
)

// Reserved reports whether a label value stands for others. Such values have
// room whatever the bound, use up none of it, and pass every normaliser as they
// are. The empty value is reserved, too: it means that the label is not set.
func Reserved(value string) bool {
	switch value {
	case "", Overflow, Unknown, Other:
		return true
	}
	return false
}
