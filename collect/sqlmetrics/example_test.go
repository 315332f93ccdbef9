package sqlmetrics_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/metertree/metertree/collect/sqlmetrics"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func ExampleRegister() {
	reg := registry.New(registry.Options{})
	pools, err := sqlmetrics.Register(meter.New(reg))
	if err != nil {
		fmt.Println(err)
		return
	}
	db := &sql.DB{} // what sql.Open returned
	if err := pools.Add("orders", db); err != nil {
		fmt.Println(err)
		return
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != "go_sql_in_use_connections" {
			continue
		}
		for point := range family.Points {
			fmt.Println(point.Labels, point.Float)
		}
	}
	// Output: db_name="orders" 0
}
