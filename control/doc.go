// Package control drives the pipeline from instruments to exporters.
//
// Push exports to any number of targets at a fixed period, on demand and a last
// time at shutdown. Pull lets many scrapes at once use one integrator. Both call
// an integrator, and Push an exporter, from one goroutine at a time, so neither
// needs locks of its own. Between is for what else is done with an integrator
// while it is driven, such as replacing its views or closing it.
//
// Nothing that was counted is lost on the way: a checkpoint is acknowledged only
// once its batch was delivered, or was rejected for good, and until then what it
// holds is in the next one too.
package control
