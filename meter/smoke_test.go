package meter

import ("testing";"context";"fmt";"github.com/metertree/metertree/registry")

func TestSmoke(t *testing.T) {
	r := registry.New(registry.Options{})
	s := New(r).Scope("storage").Scope("tsdb").With("shard", "0")
	c := s.Counter("flushed_bytes_total", Unit("bytes"), Keys("status"))
	c.Add(5, "ok"); c.Add(7, "ok"); c.Bind("err").Add(3); c.Add(-1,"ok"); c.Add(1)
	type call struct{ Operation, Status string }
	tc := MustCounter[call](s, "calls_total")
	tc.Add(4, call{"put\"", "ok"}); tc.Add(4, call{"put\"", "ok"})
	h := s.Histogram("lat_seconds", Keys("op")); h.Observe(.3, "x")
	for f := range r.Collect(context.Background()) {
		for p := range f.Points { fmt.Println(f.Descriptor.Name, p.Labels, p.Int, p.Float, p.Histogram) }
	}
	fmt.Println(testing.AllocsPerRun(100, func(){ c.Add(1,"ok"); tc.Inc(call{"put","ok"}) }))
}
func BenchmarkDirect3(b *testing.B) {
	r := registry.New(registry.Options{})
	c := New(r).Counter("x_total", Keys("a","b","c"))
	vs := [3]string{"put","ok","shard-7"}
	for b.Loop() { c.Add(1, vs[0], vs[1], vs[2]) }
}
func BenchmarkTyped3(b *testing.B) {
	type L struct{A,B,C string}
	r := registry.New(registry.Options{})
	c := MustCounter[L](New(r),"x_total")
	for b.Loop() { c.Add(1, L{"put","ok","shard-7"}) }
}
func BenchmarkBound(b *testing.B) {
	r := registry.New(registry.Options{})
	c := New(r).Counter("x_total", Keys("a","b","c")).Bind("put","ok","shard-7")
	for b.Loop() { c.Add(1) }
}
