package otelapi

import (
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/metertree/metertree/registry"
)

// prepared finds the series of attribute sets that are used again and again by
// where their attributes lie. It holds few of them, since it keeps them from being
// collected as garbage; a set that it lacks is looked up as any other.
type prepared struct {
	slots atomic.Pointer[[]preparedSlot]

	mu   sync.Mutex
	used int
}

type preparedSlot struct {
	entry atomic.Pointer[preparedSet]
	// missed is where the attributes of the last set lay that was not found here.
	missed atomic.Uintptr
}

type preparedSet struct {
	array unsafe.Pointer
	bound registry.Bound
}

const (
	// The slots are a power of two, and sets fill at most half of them.
	fewestSlots = 4
	mostSlots   = 512
	// preparedProbes is how many neighbouring slots may have a set.
	preparedProbes = 4
	// offers is how many misses there are for one that is looked into.
	offers = 8
)

// home returns the first slot that may have the set at an address.
func home(slots []preparedSlot, array unsafe.Pointer) int {
	shift := 64 - bits.Len(uint(len(slots)-1))
	return int(uint64(uintptr(array)) * 0x9e37_79b9_7f4a_7c15 >> shift)
}

// find returns the series of the set at an address, and whether it is known.
func (p *prepared) find(array unsafe.Pointer) (b registry.Bound, found bool) {
	held := p.slots.Load()
	if held == nil {
		return registry.Bound{}, false
	}
	slots := *held
	at := home(slots, array)
	for range preparedProbes {
		e := slots[at].entry.Load()
		if e == nil {
			break
		}
		if e.array == array {
			return e.bound, true
		}
		at = (at + 1) & (len(slots) - 1)
	}
	return registry.Bound{}, false
}

// offer tells of a set that was not found. One that comes a second time is kept,
// since what is made for a single update never lies where another one did, or
// hardly ever.
func (p *prepared) offer(array unsafe.Pointer, b registry.Bound) {
	if rand.Uint32()%offers != 0 {
		return
	}
	held := p.slots.Load()
	if held == nil {
		slots := make([]preparedSlot, fewestSlots)
		p.slots.CompareAndSwap(nil, &slots)
		held = p.slots.Load()
	}
	slots := *held
	if slots[home(slots, array)].missed.Swap(uintptr(array)) == uintptr(array) {
		p.keep(&preparedSet{array, b})
	}
}

func (p *prepared) keep(e *preparedSet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.slots.Load()
	if held == nil {
		return
	}
	slots := *held
	if p.used*2 < len(slots) && p.insert(slots, e) || len(slots) >= mostSlots {
		return
	}
	larger := make([]preparedSlot, len(slots)*2)
	p.used = 0
	for i := range slots {
		if have := slots[i].entry.Load(); have != nil {
			p.insert(larger, have)
		}
	}
	p.insert(larger, e)
	p.slots.Store(&larger)
}

// insert adds a set, if there is a free slot near its home.
func (p *prepared) insert(slots []preparedSlot, e *preparedSet) bool {
	at := home(slots, e.array)
	for range preparedProbes {
		switch have := slots[at].entry.Load(); {
		case have == nil:
			slots[at].entry.Store(e)
			p.used++
			return true
		case have.array == e.array:
			return true
		}
		at = (at + 1) & (len(slots) - 1)
	}
	return false
}

// sweep forgets sets whose series have ended, and all of them when there is no room
// for others: those that are in use come back.
func (p *prepared) sweep() {
	held := p.slots.Load()
	if held == nil {
		return
	}
	ended := false
	for i := range *held {
		e := (*held)[i].entry.Load()
		ended = ended || e != nil && e.bound.Ended()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if ended || p.used*2 >= mostSlots {
		p.used = 0
		p.slots.Store(nil)
	}
}
