// Package prometheus writes collected families in the Prometheus text
// exposition format, version 0.0.4, and serves them over HTTP.
//
// Families come in the order of the collection and series in the order of
// their labels, so two scrapes of the same state are equal byte for byte. An
// up-down counter is written as a gauge, because the format has no such type. A
// family without a series is left out altogether, its HELP and TYPE too.
//
// # Label values that are not UTF-8
//
// The format is UTF-8, while a label value may hold any bytes. A byte that is
// part of no valid encoding is written as U+FFFD followed by its two lower-case
// hexadecimal digits: the bytes "caf\xe9" read "caf\uFFFDe9". Plain replacement
// by U+FFFD would give "a\xe8" and "a\xe9" the same name, and a scrape that holds
// one series twice is refused as a whole. For the same reason a genuine U+FFFD
// that two such digits follow has each of its own three bytes written this way;
// every other genuine U+FFFD is written as it is. Different label sets therefore
// always stay different, and the series' identity in the registry is not
// touched. Help texts identify nothing, so there U+FFFD alone takes the place of
// what is invalid.
package prometheus
