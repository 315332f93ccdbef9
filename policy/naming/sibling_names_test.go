package naming

import (
	"slices"
	"testing"
)

func TestSiblingNames(t *testing.T) {
	got := siblingNames(nil, counters(
		"service_1_http_requests_total", "service_2_http_requests_total",
		"cart_http_calls_total", "mail_http_calls_total", "cart_http_errors_total", "mail_http_errors_total"))
	want := []about{
		{"cart_http_calls_total", `2 names from cart_http_calls_total to mail_http_calls_total differ in one word, as others do: if the word says for whom and not what is measured, use the name http_calls_total with label service, as in http_calls_total{service="cart"}`},
		{"cart_http_errors_total", `2 names from cart_http_errors_total to mail_http_errors_total differ in one word, as others do: if the word says for whom and not what is measured, use the name http_errors_total with label service, as in http_errors_total{service="cart"}`},
		{"service_1_http_requests_total", `2 names from service_1_http_requests_total to service_2_http_requests_total differ in one word: use the name http_requests_total with label service, as in http_requests_total{service="1"}`},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
