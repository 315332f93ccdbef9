package work

import "fmt"

// PushOTLP names the row of milliseconds for a collection of a population and its
// export by OTLP over HTTP.
func PushOTLP(k Kind) Row { return Row(fmt.Sprintf("OTLP export over HTTP, %ss", k)) }
