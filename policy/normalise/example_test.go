package normalise_test

import (
	"fmt"

	"github.com/metertree/metertree/policy/normalise"
)

func ExampleRoute() {
	route := normalise.Route()
	fmt.Println(route.Apply("/users/42/orders/123e4567-e89b-12d3-a456-426614174000?page=2"))
	// Output: /users/{n}/orders/{uuid}
}

func ExampleModels() {
	models, err := normalise.Models(map[string]string{"gpt-4o": "gpt-4o", "claude-3-5-sonnet": "claude-3.5-sonnet"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(models.Apply("openai/gpt-4o-2024-08-06"), models.Apply("claude-3-5-sonnet@20240620"), models.Apply("gpt-4"))
	// Output: gpt-4o claude-3.5-sonnet other
}

func ExampleChain() {
	name := normalise.Chain(normalise.Printable(), normalise.MaxLength(16))
	fmt.Println(name.Apply("a\nvery long name indeed"))
	// Output: a_very long n…
}
