// Command otlpsender exports one counter by gRPC, with the exporter that programs
// use, and prints the error if there is one.
//
//	otlpsender ENDPOINT CA TOKEN [CERTIFICATE KEY]
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/integrations/otlp"
)

func main() {
	if err := send(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(arguments []string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	options := otlp.Options{
		Protocol: otlp.GRPC, Endpoint: arguments[0], TLS: &tls.Config{RootCAs: x509.NewCertPool()},
		Retry: otlp.Retry{Elapsed: time.Second},
	}
	ca, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	options.TLS.RootCAs.AppendCertsFromPEM(ca)
	if token := arguments[2]; token != "" {
		options.Headers = map[string]string{"authorization": "Bearer " + token}
	}
	if len(arguments) > 3 {
		pair, err := tls.LoadX509KeyPair(arguments[3], arguments[4])
		if err != nil {
			return err
		}
		options.TLS.Certificates = []tls.Certificate{pair}
	}
	exporter, err := otlp.New(ctx, options)
	if err != nil {
		return err
	}
	rt, err := metertree.Start(ctx, metertree.Config{
		Service: "sender", Listen: metertree.NoListener,
		Exporters: []metertree.Exporter{{Name: "otlp", Exporter: exporter, Temporality: exporter.Temporality()}},
	})
	if err != nil {
		return err
	}
	rt.Scope().Counter("sent_over_grpc_total").Add(42)
	// The last export is at the end.
	return errors.Join(rt.Close(ctx))
}
