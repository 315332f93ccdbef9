package otlp

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// resourceOf returns the attributes of the program: the given ones, those of the
// environment, and defaults, of which the first wins.
func resourceOf(ctx context.Context, given []attribute.KeyValue) (*resource.Resource, error) {
	r, err := resource.New(ctx,
		resource.WithService(),
		resource.WithAttributes(
			attribute.String("telemetry.sdk.name", "metertree"),
			attribute.String("telemetry.sdk.language", "go"),
		),
		resource.WithFromEnv(),
		resource.WithAttributes(given...),
	)
	if err != nil {
		return nil, fmt.Errorf("otlp resource: set OTEL_RESOURCE_ATTRIBUTES to pairs such as deployment.environment.name=test,region=a: %w", err)
	}
	return r, nil
}
