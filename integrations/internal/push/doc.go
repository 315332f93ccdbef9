// Package push is what exporters have in common that write batches by HTTP
// requests of their own: the client bounds, repeats and counts requests, and reads
// answers as far as all backends mean the same by them. What goes into a request,
// what else an answer means, and how a request is divided, is the protocol's.
package push
