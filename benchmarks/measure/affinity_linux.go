package measure

import "golang.org/x/sys/unix"

// maxCores is how many cores a mask of the system's can name.
const maxCores = 1024

// pin binds the calling thread to one of the cores that the process may use.
// Where the system refuses, the thread stays free, which costs precision alone.
func pin(at int) {
	var allowed, one unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil || allowed.Count() == 0 {
		return
	}
	at %= allowed.Count()
	for core := range maxCores {
		if !allowed.IsSet(core) {
			continue
		}
		if at == 0 {
			one.Set(core)
			break
		}
		at--
	}
	_ = unix.SchedSetaffinity(0, &one)
}
