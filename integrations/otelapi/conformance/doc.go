// Package conformance holds providers of OpenTelemetry's metrics API to what its
// specification says, and to what users of the API rely on where it says nothing.
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, factory)
//	}
//
// A provider that differs on purpose, or by a known fault, is run with a list of
// Differences. Each is asserted: it is an error once it is gone.
package conformance
