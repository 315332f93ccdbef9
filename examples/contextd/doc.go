// Package contextd is a small multi-tenant context service, written to show a
// program that is metered throughout: it keeps context documents of several
// accounts, finds the parts of them that are nearest to a question, and keeps
// conversations.
//
// A document that is put goes through a bounded queue to workers, which cut it
// into chunks, embed them, encrypt them with the account's key and write them
// through a sharded write buffer into an append-only store. Two levels of cache
// stand before the store. All of it is real but the embedding model and the
// latency of the store, which are simulated.
//
// # API
//
//	PUT    /v1/accounts/{account}/documents/{document}            {"type", "title", "text"}: 202, stored soon after
//	GET    /v1/accounts/{account}/documents/{document}
//	DELETE /v1/accounts/{account}/documents/{document}            202, gone soon after
//	GET    /v1/accounts/{account}/search?q=…&limit=…
//	POST   /v1/accounts/{account}/sessions
//	GET    /v1/accounts/{account}/sessions/{session}
//	POST   /v1/accounts/{account}/sessions/{session}/messages     {"role", "text"}: answers with the nearest context
//	GET    /v1/health                                             components
//	GET    /-/healthy, /-/ready                                   probes
//
// # Metrics
//
// All names are below "contextd" in Config.Scope. Labels are bounded: account_id
// takes only the configured accounts, and only http_requests_total,
// ingest_documents_total and store_documents have it.
package contextd
