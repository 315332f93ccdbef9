package load

// Request is one that pushes samples.
type Request struct {
	Body []byte
	// Samples is how many are stored of it, and Points how many of its protocol's
	// points it has; in remote write that is the same.
	Samples, Points int
}

// Push is requests of several senders, who work at the same time. The requests
// of one sender must be sent in order.
type Push [][]Request

// Samples is how many samples are stored of all requests.
func (p Push) Samples() (n int) {
	for _, requests := range p {
		for _, r := range requests {
			n += r.Samples
		}
	}
	return n
}

// Points is how many points all requests have.
func (p Push) Points() (n int) {
	for _, requests := range p {
		for _, r := range requests {
			n += r.Points
		}
	}
	return n
}

// Requests is how many requests there are.
func (p Push) Requests() (n int) {
	for _, requests := range p {
		n += len(requests)
	}
	return n
}
