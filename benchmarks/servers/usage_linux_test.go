package servers

import (
	"os"
	"testing"
)

func TestThisProcess(t *testing.T) {
	used, err := residentMemory(os.Getpid())
	if err != nil || used.now <= 0 || used.peak < used.now {
		t.Errorf("memory %+v, %v", used, err)
	}
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// However busy the machine, this ends when it has taken some time.
	for after := before; after <= before; {
		if after, err = cpuTime(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 1 << 30
	if _, err := cpuTime(nobody); err == nil {
		t.Error("a process that does not exist has CPU time")
	}
	if _, err := residentMemory(nobody); err == nil {
		t.Error("a process that does not exist has memory")
	}
}
