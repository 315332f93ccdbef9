// Package work says what is measured: the rows of the table, the label sets
// and the values that every library is given. It knows no library.
package work
