// Package rivals adapts each library to the same work. Every adapter holds the
// measured loop itself, over the library's concrete types, so no call through
// an interface is measured; and every adapter reads back what its library has
// counted, so a lost update is an error and no loop can be optimised away.
//
// Each library is used the way its documentation recommends for speed.
package rivals
