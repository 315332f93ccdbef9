package servers

import "runtime"

// Cores say which cores the load and the servers run on. The zero value binds
// nothing.
type Cores struct {
	load, server, all []int
}

// Divide keeps this process, which makes the load, to one core, and leaves
// another to servers that are measured under it. It does nothing where there is
// only one, or the system does not say.
func Divide() (Cores, error) {
	all := allowedCores()
	if len(all) < 2 {
		return Cores{}, nil
	}
	c := Cores{load: all[:1], server: all[1:2], all: all}
	if err := keepTo(c.load); err != nil {
		return Cores{}, err
	}
	runtime.GOMAXPROCS(1)
	return c, nil
}

// Divided says whether load and servers run on cores of their own.
func (c Cores) Divided() bool { return len(c.load) > 0 }
