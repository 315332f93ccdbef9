// Package httpmetrics measures HTTP: NewServer makes a middleware for handlers,
// NewClient one for transports. Sizes are in bytes, times in seconds.
//
//	name                                            kind           what
//	http_server_requests_total{method,route,status} counter        requests answered
//	http_server_request_duration_seconds{method,route,status}
//	                                                histogram      from the request's header to the handler's return
//	http_server_request_size_bytes{method,route}    histogram      bodies of requests, where their length was declared
//	http_server_response_size_bytes{method,route}   histogram      bodies of answers, as the handler wrote them
//	http_server_requests_in_flight                  updowncounter  requests being answered
//	http_client_requests_total{method,status}       counter        requests that were answered or failed
//	http_client_request_duration_seconds{method,status}
//	                                                histogram      until the response's header, or the failure
//	http_client_exchange_duration_seconds{method}   histogram      until the end of the response's body
//	http_client_errors_total{method,kind}           counter        requests without a response, or with a part of one
//	http_client_requests_in_flight                  updowncounter  requests whose response has not ended
//
// Ratios, whichever way statuses are told apart:
//   - http_server_request_error_ratio: requests answered 5xx, of all
//   - http_server_request_client_error_ratio: requests answered 4xx, of all
//   - http_client_request_error_ratio: requests answered 5xx or not at all, of all
//
// With ClientOptions.Peer the client's metrics, but that in flight, also have
// the label peer.
//
// # Labels
//
// No label takes a value that the other side of the connection makes up. A
// method is one of those that net/http names, or Unknown. A status is a class
// such as 2xx, or a code if the options say so. A route is the template of the
// pattern that http.ServeMux matched, such as /items/{id}, without the pattern's
// method; requests that match none are Unmatched. A host never becomes a label by
// itself.
//
// ServeMux leaves the pattern in the request it is given, so the middleware may
// stand around the mux or around the handlers in it. If a handler between it and
// the mux passes a copy of the request on, as one that uses
// http.Request.WithContext does, put Routed around the mux. Other routers need
// ServerOptions.Route. What that and ClientOptions.Peer return is bounded by the
// series budget alone.
//
// # What is counted as what
//
//   - Informational answers (1xx) come before the one that counts, but for 101.
//   - A handler that writes nothing has answered 200. If its client had gone by
//     then it counts as StatusClientGone, 499, and is of the class 4xx.
//   - A handler that panics counts as 500, whatever it sent before, or as 499 if
//     its client has gone: a proxy panics with http.ErrAbortHandler then. The
//     panic goes on.
//   - A connection that the handler took over without a status counts as 101. Its
//     request lasts until the handler returns; what is sent on it is not measured.
//   - An answer to HEAD has a body of 0 bytes.
//
// # Writers
//
// The http.ResponseWriter that a handler sees is an http.Flusher, http.Hijacker,
// http.Pusher or io.ReaderFrom exactly if the server's is, and an
// io.StringWriter always. It unwraps for http.ResponseController.
package httpmetrics
