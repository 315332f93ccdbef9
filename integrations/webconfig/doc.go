// Package webconfig protects a program's metrics by the web configuration file
// that Prometheus, its exporters and the metertree server take with
// --web.config.file: TLS, client certificates, users with bcrypt-hashed
// passwords, headers, a rate limit.
//
//	security, err := webconfig.Load("web.yml", webconfig.Options{})
//	if err != nil {
//		return err
//	}
//	rt, err := metertree.Start(ctx, metertree.Config{Security: security})
//
// The file is read again at each request and handshake, and so are certificates
// and keys: they are replaced without a restart. While it cannot be used nobody
// is let in. The format is described at
// https://prometheus.io/docs/prometheus/latest/configuration/https/, and what it
// is worth in docs/security.md.
package webconfig
