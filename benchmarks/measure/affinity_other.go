//go:build !linux

package measure

// pin does nothing here: threads stay where the system puts them.
func pin(int) {}
