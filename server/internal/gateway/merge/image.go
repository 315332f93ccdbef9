package merge

import (
	"encoding/gob"
	"fmt"
	"io"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// A state is written as a head, and then the parts that it counts, one by one, so
// that no second copy is ever in memory. Parts refer to others by their position.

// imageVersion changes when what was written can no longer be read.
const imageVersion = 1

type head struct {
	Version int
	Now     int64
	Round   uint64
	Evicted uint64

	Settings                                   Settings
	Declared                                   map[string]*declaration
	Families, Series, Sources, Streams, Graves int
}

type familyImage struct {
	Name, Help, Unit string
	Kind             metric.Kind
	Shape            push.Shape
	Inferred, Floats bool
}

type seriesImage struct {
	Family       int
	Labels       metric.LabelSet
	Start, Seen  int64
	Total        total
	Distribution *push.Distribution
}

type sourceImage struct {
	Identity string
	Labels   metric.Labels
}

type streamImage struct {
	Source, Series int
	Labels         string
	Seen           int64
	Tracks         []trackImage
	Windows        *windows
	Last           *period
	Value          number
	Start, At      int64
	Member         bool
}

type trackImage struct {
	Start, At, Seen int64
	Number          number
	Distribution    *push.Distribution
	Falls           fallsImage
	Base            int64
	Ended           bool
}

type fallsImage struct {
	Any           bool
	Before, After float64
	Rounds        int
}

type graveImage struct {
	Key   graveKey
	Time  int64
	Grave grave
}

// writer encodes until something fails.
type writer struct {
	to  *gob.Encoder
	err error
}

func (w *writer) put(v any) {
	if w.err == nil {
		w.err = w.to.Encode(v)
	}
}

// Write writes the state, for Read.
func (s *State) Write(to io.Writer) error {
	w := writer{to: gob.NewEncoder(to)}
	graves := s.gone.all()
	w.put(head{
		Version: imageVersion, Now: s.now, Round: s.round, Evicted: s.gone.evicted, Settings: s.settings, Declared: s.declared,
		Families: len(s.families), Series: s.unseen.n, Sources: len(s.sources), Streams: s.idle.n, Graves: len(graves),
	})
	families := map[*family]int{}
	for _, f := range s.order() {
		families[f] = len(families)
		w.put(familyImage{f.name, f.help, f.unit, f.kind, f.shape, f.inferred, f.floats})
	}
	all := map[*series]int{}
	for it := s.unseen.first; it != nil; it = it.links.next {
		all[it] = len(all)
		w.put(seriesImage{families[it.family], it.labels, it.start, it.links.seen, it.total, it.distribution})
	}
	sources := map[*source]int{}
	for _, src := range s.sources {
		sources[src] = len(sources)
		w.put(sourceImage{src.identity, src.labels})
	}
	for st := s.idle.first; st != nil; st = st.links.next {
		w.put(st.image(sources[st.source], all[st.series]))
	}
	for i := range graves {
		w.put(graves[i])
	}
	if w.err != nil {
		return fmt.Errorf("writing the state: %w", w.err)
	}
	return nil
}

func (st *stream) image(source, series int) streamImage {
	to := streamImage{
		Source: source, Series: series, Labels: st.labels, Seen: st.links.seen,
		Windows: st.windows, Last: st.last, Value: st.value, Start: st.start, At: st.at, Member: st.member >= 0,
	}
	for _, t := range st.tracks {
		to.Tracks = append(to.Tracks, trackImage{t.start, t.at, t.seen, t.number, t.distribution,
			fallsImage{t.falls.any, t.falls.before, t.falls.after, t.falls.rounds}, t.base, t.ended})
	}
	return to
}

// all returns what is remembered, in the order in which it will be dropped.
func (g *graveyard) all() []graveImage {
	var list []graveImage
	for _, b := range g.queue {
		if known, ok := g.byKey[b.Key]; ok && known.Put == b.Put {
			list = append(list, graveImage{Key: b.Key, Time: b.Time, Grave: known.grave})
		}
	}
	return list
}

// reader decodes until something fails.
type reader struct {
	from *gob.Decoder
	err  error
}

func (r *reader) get(v any) bool {
	if r.err == nil {
		r.err = r.from.Decode(v)
	}
	return r.err == nil
}

// pick returns the element at a position that was read.
func pick[T any](r *reader, list []*T, i int) *T {
	if i < 0 || i >= len(list) {
		r.err = fmt.Errorf("position %d of %d", i, len(list))
		return nil
	}
	return list[i]
}

// Read returns a state that Write wrote.
func Read(from io.Reader) (*State, error) {
	r := reader{from: gob.NewDecoder(from)}
	var h head
	if r.get(&h) && h.Version != imageVersion {
		r.err = fmt.Errorf("version %d, this program knows %d: read it with the version that wrote it", h.Version, imageVersion)
	}
	if r.err != nil {
		return nil, fmt.Errorf("reading the state: %w", r.err)
	}
	s := New(h.Settings)
	s.now, s.round, s.gone.evicted = h.Now, h.Round, h.Evicted
	if h.Declared != nil {
		s.declared = h.Declared
	}
	families := r.families(s, h.Families)
	all := r.series(s, h.Series, families)
	sources := r.sources(s, h.Sources)
	// The counts may be damaged: what is missing ends the reading.
	for n := h.Streams; n > 0 && r.err == nil; n-- {
		r.stream(s, sources, all)
	}
	for n := h.Graves; n > 0 && r.err == nil; n-- {
		var g graveImage
		if r.get(&g) {
			s.gone.put(g.Key, g.Grave, g.Time)
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("reading the state: %w", r.err)
	}
	return s, nil
}

func (r *reader) families(s *State, n int) (list []*family) {
	for range n {
		var from familyImage
		if !r.get(&from) {
			return list
		}
		f := &family{
			name: from.Name, help: from.Help, unit: from.Unit, kind: from.Kind, shape: from.Shape,
			inferred: from.Inferred, floats: from.Floats, series: map[metric.LabelSet]*series{},
		}
		f.fold = s.foldOf(f)
		s.addFamily(f)
		list = append(list, f)
	}
	return list
}

func (r *reader) series(s *State, n int, families []*family) (list []*series) {
	for range n {
		var from seriesImage
		if !r.get(&from) {
			return list
		}
		f := pick(r, families, from.Family)
		if f == nil {
			return list
		}
		it := &series{family: f, labels: from.Labels, start: from.Start, total: from.Total, distribution: from.Distribution}
		f.series[it.labels] = it
		s.held += len(it.labels)
		s.unseen.push(it, from.Seen)
		list = append(list, it)
	}
	return list
}

func (r *reader) sources(s *State, n int) (list []*source) {
	for range n {
		var from sourceImage
		if !r.get(&from) {
			return list
		}
		src := &source{identity: from.Identity, labels: from.Labels, streams: map[streamKey]*stream{}}
		s.addSource(src)
		list = append(list, src)
	}
	return list
}

func (r *reader) stream(s *State, sources []*source, all []*series) {
	var from streamImage
	if !r.get(&from) {
		return
	}
	src, it := pick(r, sources, from.Source), pick(r, all, from.Series)
	if r.err != nil {
		return
	}
	st := &stream{
		source: src, family: it.family, labels: from.Labels, series: it, epoch: s.epoch,
		windows: from.Windows, last: from.Last, value: from.Value, start: from.Start, at: from.At, member: -1,
	}
	for _, t := range from.Tracks {
		f := falls{t.Falls.Any, t.Falls.Before, t.Falls.After, t.Falls.Rounds, t.Falls.Rounds >= maxRounds}
		st.tracks = append(st.tracks, track{t.Start, t.At, t.Seen, t.Number, t.Distribution, f, t.Base, t.Ended})
	}
	src.streams[streamKey{it.family, st.labels}] = st
	it.family.streams++
	it.live++
	s.held += st.cost()
	if from.Member {
		it.join(st)
	}
	s.idle.push(st, from.Seen)
}
