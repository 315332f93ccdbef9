// Package contextd is a small multi-tenant context service, written to show a
// program that is metered throughout: it keeps context documents of several
// accounts, finds the parts of them that are nearest to a question, and keeps
// conversations.
//
// A document that is put goes through a bounded queue to workers, which cut it
// into chunks, embed them, encrypt them with the account's key and write them
// through a sharded write buffer into an append-only store. Two levels of cache
// stand before the store. What a user says in a session is answered by a language
// model that is given the nearest context, and from time to time a task makes a
// memory of a session, which is a document as any other. All of it is real but
// the models and the latency of the store, which are simulated.
//
// # API
//
//	PUT    /v1/accounts/{account}/documents/{document}            {"type", "title", "text"}: 202, stored soon after
//	GET    /v1/accounts/{account}/documents/{document}
//	DELETE /v1/accounts/{account}/documents/{document}            202, gone soon after
//	GET    /v1/accounts/{account}/search?q=…&limit=…
//	POST   /v1/accounts/{account}/sessions
//	GET    /v1/accounts/{account}/sessions/{session}
//	POST   /v1/accounts/{account}/sessions/{session}/messages     {"role", "text"}: answers with the nearest context, and a user with a reply
//	GET    /v1/health                                             components
//	GET    /-/healthy, /-/ready                                   probes
//
// # Metrics
//
// Every kind of source has a collector here:
//
//	what happens                 event bus: finished operations, for the telemetry bridge and an audit log
//	how things are               states read at collections: queues, caches
//	totals that the store keeps  statistics read at collections
//	whether it works             probes, and the health of components
//
// and every family of package collect a place: scope segments http, retrieval,
// model, ingest, queue, tasks, sessions, locks, cache, encryption, component,
// probe, buffer. All names are below "contextd" in Config.Scope, except for those
// of the audit log's connections, the event bus and the refresher, which have the
// same name in every program. docs/catalogue.md lists them.
//
// Labels are bounded. Only tenant_operations_total and store_documents have
// account_id, which takes the configured accounts and policy.Unknown; a tenant
// guard can bound it further.
package contextd
