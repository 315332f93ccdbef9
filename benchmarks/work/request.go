package work

// Middleware is the row of nanoseconds for a request through a middleware that
// counts it, its duration, both sizes and the requests in flight.
const Middleware Row = "HTTP request through the middleware"

// RequestRows are the rows of requests. They are measured as updates are.
func RequestRows() []Row { return []Row{Middleware} }
