package cache

import (
	"testing"

	"github.com/metertree/metertree/meter"
)

func newCache(t *testing.T, maxBytes int) *Cache[string] {
	t.Helper()
	c, err := New(Config[string]{
		Level: "l1", MaxBytes: maxBytes, Size: func(v string) int { return len(v) }, Scope: meter.Scope{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// holds fails the test unless exactly the wanted keys are there, in version 1.
func holds(t *testing.T, c *Cache[string], wanted map[string]bool) {
	t.Helper()
	for key, want := range wanted {
		if _, ok := c.Get(key, 1); ok != want {
			t.Errorf("%s is there: %v, want %v", key, ok, want)
		}
	}
}

func TestEvictsWhatWasUsedLeastRecently(t *testing.T) {
	c := newCache(t, 6)
	c.Put("a", 1, "aa")
	c.Put("b", 1, "bb")
	c.Put("c", 1, "cc")
	c.Get("a", 1)
	c.Put("d", 1, "dd")
	holds(t, c, map[string]bool{"a": true, "b": false, "c": true, "d": true})
}

func TestLargeValueEvictsSeveral(t *testing.T) {
	c := newCache(t, 6)
	c.Put("a", 1, "aa")
	c.Put("b", 1, "bb")
	c.Put("c", 1, "cccccc")
	holds(t, c, map[string]bool{"a": false, "b": false, "c": true})
}

func TestValueLargerThanTheLevelIsNotKept(t *testing.T) {
	c := newCache(t, 6)
	c.Put("a", 1, "aa")
	c.Put("b", 1, "bbbbbbb")
	holds(t, c, map[string]bool{"a": true, "b": false})
}

func TestOnlyTheVersionAskedForHits(t *testing.T) {
	c := newCache(t, 6)
	c.Put("a", 2, "new")
	if v, ok := c.Get("a", 1); ok {
		t.Errorf("version 1 gave %q, which is version 2", v)
	}
	c.Put("a", 1, "old")
	if v, ok := c.Get("a", 2); !ok || v != "new" {
		t.Errorf("version 2 gave %q, %v after version 1 was put late; want \"new\"", v, ok)
	}
	c.Put("a", 3, "newer")
	if v, ok := c.Get("a", 3); !ok || v != "newer" {
		t.Errorf("version 3 gave %q, %v; want \"newer\"", v, ok)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config[string]{Size: func(string) int { return 1 }}); err == nil {
		t.Error("a cache of 0 bytes was made")
	}
	if _, err := New(Config[string]{MaxBytes: 1}); err == nil {
		t.Error("a cache that cannot tell sizes was made")
	}
}
