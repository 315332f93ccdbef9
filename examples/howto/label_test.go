//go:build !metertree_off

package howto_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/normalise"
	"github.com/metertree/metertree/policy/tenant"
)

// printPage prints the samples on a program's page whose names begin so.
func printPage(rt *metertree.Runtime, prefix string) {
	recorder := httptest.NewRecorder()
	rt.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page, err := io.ReadAll(recorder.Body)
	if err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, prefix) {
			fmt.Print(line)
		}
	}
}

func Example_tenants() {
	ctx := context.Background()

	guard, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"shop_orders_total"}, Limit: 50})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(ctx, metertree.Config{
		Listen:    metertree.NoListener,
		Admission: admission.Options{Tenants: guard, TenantLabel: "tenant"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(ctx)
	orders := rt.Scope("shop").Counter("orders_total", meter.Keys("tenant"), meter.PerTenant())
	orders.Inc("acme")
	orders.Inc("umbrella")

	printPage(rt, "shop_orders_total")
	// Output: shop_orders_total{tenant="__overflow__"} 2
}

func Example_boundedValues() {
	m := metertest.New(t)
	scope := m.Scope()
	logins := scope.Counter("logins_total", meter.Keys("client", "language"),
		meter.Values("client", normalise.Enum("web", "ios", "android").Apply),
		meter.KeyBudget("language", 3))
	for _, language := range []string{"de", "en", "fr", "tlh", "vlf"} {
		logins.Inc("web", language)
	}
	logins.Inc("curl/8.5 (anything at all)", "en")
	show(m, "logins_total")
	// Output:
	// logins_total{client="other",language="en"} 1
	// logins_total{client="web",language="__overflow__"} 2
	// logins_total{client="web",language="de"} 1
	// logins_total{client="web",language="en"} 1
	// logins_total{client="web",language="fr"} 1
}

func Example_rename() {
	m := metertest.New(t)
	scope := m.Scope().Scope("shop")
	since := time.Now().AddDate(0, -1, 0)
	until := since.AddDate(0, 6, 0)
	orders := scope.Counter("orders_total",
		meter.RenamedFrom("order_count_total", since, until), meter.Help("Orders taken."))
	orders.Inc()
	show(m, "order")
	show(m, "shop")
	// Output:
	// order_count_total 1
	// shop_orders_total 1
}
