// Package outcome names how operations end, alike in every domain.
package outcome

// The values of the label status.
const (
	OK    = "ok"
	Error = "error"
)

// Status returns OK if there is no error, otherwise Error. The text of an error
// is unbounded and never a label value.
func Status(err error) string {
	if err != nil {
		return Error
	}
	return OK
}
