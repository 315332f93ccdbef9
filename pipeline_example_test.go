//go:build !metertree_off

package metertree_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/export/stdout"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/policy/tenant"
)

// printMetrics prints the lines of the exposition that begin with a name.
func printMetrics(rt *metertree.Runtime, prefix string) {
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			fmt.Print(line)
		}
	}
}

// Views take labels off, rename, hide, and decide what is kept, without a change
// to the code that updates.
func ExampleConfig_views() {
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen: metertree.NoListener,
		Views: []integrate.View{
			{Match: integrate.Match{Name: "app_*"}, Drop: []string{"peer"}},
			{Match: integrate.Match{Name: "app_wait_seconds"}, Aggregation: metric.MinMaxSumCount},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())

	calls := rt.Scope("app").Counter("calls_total", meter.Keys("operation", "peer"))
	calls.Add(2, "get", "10.0.0.1")
	calls.Add(3, "get", "10.0.0.2")
	wait := rt.Scope("app").Histogram("wait_seconds")
	wait.Observe(0.5)
	wait.Observe(2)
	printMetrics(rt, "app_")
	// Output:
	// app_calls_total{operation="get"} 5
	// app_wait_seconds_sum 2.5
	// app_wait_seconds_count 2
	// app_wait_seconds_min 0.5
	// app_wait_seconds_max 2
}

// Exporters are pushed to side by side, each with its own idea of what it wants
// to see. What one has not taken is in its next batch.
func ExampleConfig_exporters() {
	exporter, err := stdout.New(os.Stdout, stdout.Options{Format: stdout.Table})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen: metertree.NoListener,
		Period: 10 * time.Second,
		Exporters: []metertree.Exporter{{
			Name: "stdout", Exporter: exporter, Temporality: metric.Delta,
			Views: []integrate.View{
				{Match: integrate.Match{Name: "go_*"}, Aggregation: metric.Drop},
				{Match: integrate.Match{Name: "process_*"}, Aggregation: metric.Drop},
				{Match: integrate.Match{Name: "metertree_*"}, Aggregation: metric.Drop},
			},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt.Scope("app").Counter("calls_total").Add(3)
	fmt.Println("closed:", rt.Close(context.Background())) // exports what is left
}

// Policies refuse definitions that would hurt later, and bound tenants.
func ExampleConfig_admission() {
	names, err := naming.New(naming.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	tenants, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"app_*"}, Limit: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen:    metertree.NoListener,
		Admission: admission.Options{Labels: policy.DefaultLabels(), Naming: names, Tenants: tenants},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())

	_, err = rt.Scope("app").NewCounter("logins_total", meter.Keys("user_id"), meter.Help("Logins."))
	fmt.Println(err)

	// The busiest tenants get series of their own with the next look at the
	// traffic; until then, and for the rest, there is one for all.
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("account_id"), meter.PerTenant(), meter.Help("Calls."))
	calls.Inc("acme")
	printMetrics(rt, "app_calls")
	// Output:
	// metric app_logins_total: label "user_id" is forbidden, because its values have no bound: use a log line or a trace; account_id under the tenant guard if a tenant is meant
	// app_calls_total{account_id="__overflow__"} 1
}
