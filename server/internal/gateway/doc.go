// Package gateway takes metrics that many short-lived or replicated processes
// push, and shows one merged stream of them: streams are differentiated, what
// tells instances apart is dropped, and the increments are added up.
//
// What was acknowledged is counted, and counted once, whatever is repeated, comes
// late or restarts, the gateway included. To this end a push is written to a
// journal before it is merged, it is merged before it is acknowledged, and the
// merged stream shows nothing that is not in the journal.
package gateway
