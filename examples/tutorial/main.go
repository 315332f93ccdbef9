// Parcels tells what it costs to send a parcel.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/metertree/metertree"
)

func main() {
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Service: "parcels",
		Listen:  "127.0.0.1:2121",
		Logger:  slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(rt.Scope())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the metrics are at http://127.0.0.1:2121/")
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler))
}
