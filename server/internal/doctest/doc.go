// Package doctest runs every command of the documentation as a reader would: page
// by page, in order, in one shell, beside real servers. What cannot run on any
// machine has a stand-in that holds it to what it says.
package doctest
