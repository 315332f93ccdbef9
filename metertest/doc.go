// Package metertest is for tests of code that has metrics: it gives a scope to hand
// to that code, and reads what the code did with it.
//
//	func TestCheckout(t *testing.T) {
//		m := metertest.New(t)
//		shop := NewShop(m.Scope())
//		shop.Order("de")
//		if got := m.Counter("shop_orders_total", "country", "de"); got != 1 {
//			t.Errorf("%v orders from de", got)
//		}
//	}
//
// Metrics are asked for by their full name and by pairs of a label and its value.
// Labels that are not given may have any value: counters, up-down counters and
// histograms are then added up, while a gauge must be the only one. The empty value
// selects the series without the label.
//
// What is not there ends the test, with a message that says what is: metrics of
// similar names, the labels of the metric, its series and their values. To say that
// something is not to be there, use Absent.
//
// A registry drops updates that make no sense, such as one with too few label
// values, rather than to fail. At the end of a test such updates, and definitions
// that were refused, are errors here, unless Options.AllowDropped is set.
//
// Equal compares whole expositions, in the text format or OpenMetrics, in whatever
// order they are.
//
// In a build with the tag metertree_off there are no metrics, and tests of them
// fail.
package metertest
