package push

import "net/http"

// Verdict says what follows from an answer.
type Verdict uint8

const (
	// Accepted says that the request is taken, as far as the status tells.
	Accepted Verdict = iota
	// Later says that the same request may be taken.
	Later
	// Refused says that nothing is taken until somebody changes the
	// configuration.
	Refused
	// TooLarge says that parts of the request may be taken.
	TooLarge
	// Invalid says that some of the request, or all, will never be taken, because
	// of what is in it. Which statuses mean that, each protocol says for itself.
	Invalid
)

// verdictOf is what a status means to all backends. It is Refused if they differ.
func verdictOf(status int) Verdict {
	switch {
	case status/100 == 2:
		return Accepted
	case status == http.StatusRequestEntityTooLarge:
		return TooLarge
	case status == http.StatusTooManyRequests, status/100 == 5:
		return Later
	}
	return Refused
}
