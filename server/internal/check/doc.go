// Package check finds every mistake in the files that an operator writes, a
// configuration or rules, and says for each where it is, what is wrong and what to
// do. It changes nothing.
package check
