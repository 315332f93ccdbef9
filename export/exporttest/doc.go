// Package exporttest helps to test exporters and those who call them: Check
// holds an exporter to the contract of export.Exporter, and Recorder is an
// exporter that keeps what it is given and fails as it is told.
package exporttest
