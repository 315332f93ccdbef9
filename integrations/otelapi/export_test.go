package otelapi

// LayoutKnown reports whether attribute sets are read where they lie.
func LayoutKnown() bool { return layoutKnown }

// ForgetLayout makes the package go the way of the API until restore is called.
func ForgetLayout() (restore func()) {
	known := layoutKnown
	layoutKnown = false
	return func() { layoutKnown = known }
}
