package collector_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/examples/extend/collector"
)

// In a program: the runtime's refresher reads the kernel before each scrape.
func Example() {
	ctx := context.Background()
	rt, err := metertree.Start(ctx, metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(ctx)

	kernel := collector.Kernel{Proc: os.DirFS("/proc")}
	pressure, err := collector.New(rt.Scope("pressure"), kernel.Stalls)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := rt.Refresher().Add("pressure", pressure, collect.Schedule{TTL: 5 * time.Second}); err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println("added")
	// Output: added
}
