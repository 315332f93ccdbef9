package merge

import (
	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// State is everything the gateway knows. Make one with New or Read.
type State struct {
	settings Settings
	rules    Rules
	drop     map[string]bool
	epoch    uint32
	// now is the time of the last batch; it never goes back.
	now   int64
	round uint64
	// held is about how many bytes the labels and the buckets take.
	held int

	sources  map[string]*source
	families map[string]*family
	// samples are the families by the names of their samples.
	samples  map[string]*family
	declared map[string]*declaration
	// idle are all streams, and unseen all series, by when they were seen last.
	idle   list[stream]
	unseen list[series]
	gone   graveyard

	// sorted are the families in order, or nil if there were changes.
	sorted  []*family
	scratch []metric.Label
	// difference is what the last distribution had more than the one before.
	difference push.Distribution
	explicit   aggregate.ExplicitState
	sketch     aggregate.SketchState
}

// New returns an empty state. The settings must have been checked.
func New(settings Settings) *State {
	s := &State{
		rules:    CurrentRules,
		sources:  map[string]*source{},
		families: map[string]*family{},
		samples:  map[string]*family{},
		declared: map[string]*declaration{},
		gone:     newGraveyard(),
	}
	s.idle.of = func(st *stream) *links[stream] { return &st.links }
	s.unseen.of = func(it *series) *links[series] { return &it.links }
	s.Use(settings)
	return s
}

// Use changes the settings. What is counted stays where it is; streams join the
// series that the new settings ask for with their next point.
func (s *State) Use(settings Settings) {
	s.settings = settings
	s.epoch++
	s.drop = make(map[string]bool, len(settings.Drop))
	for _, label := range settings.Drop {
		s.drop[label] = true
	}
	for _, f := range s.families {
		f.fold = s.foldOf(f)
	}
}

// Settings are those in force.
func (s *State) Settings() Settings { return s.settings }

// Size is how much there is.
type Size struct {
	Streams, Series, Families, Sources, Fingerprints int
	// Held is about how many bytes labels and buckets take.
	Held int
}

// Size returns how much there is.
func (s *State) Size() Size {
	return Size{s.idle.n, s.unseen.n, len(s.families), len(s.sources), len(s.gone.byKey), s.held}
}

// Outcome says what became of the points of a batch.
type Outcome struct {
	// Points are all, Merged those that changed something, Repeated those that
	// were there before, and Covered those that came late and are included in
	// what came before them.
	Points, Merged, Repeated, Covered int
	// Histograms are those of the points, accepted or not, that are no numbers.
	Histograms int
	// Resets are values that fell, and new start times.
	Resets  int
	Refused push.Refusals
	// Conflicts are points that were taken although two processes seem to write
	// one stream; Warning says which.
	Conflicts int
	Warning   push.Refusal
}

// Accepted is how many points were not refused.
func (o *Outcome) Accepted() int { return o.Points - o.Refused.Total() }

// Apply merges a batch that came at the given time, in nanoseconds since 1970.
func (s *State) Apply(at int64, b *push.Batch) Outcome {
	s.Advance(at)
	s.declare(b.Declared)
	o := Outcome{Points: b.Points}
	o.Refused.Merge(b.Refused)
	for i := range b.Sources {
		s.source(&b.Sources[i], &o)
	}
	return o
}

// source merges what one source pushes.
func (s *State) source(from *push.Source, o *Outcome) {
	src := s.sources[from.Identity]
	if src == nil {
		src = &source{identity: from.Identity, streams: map[streamKey]*stream{}}
		s.addSource(src)
	}
	// They follow from the identity, but for a version that made others of it.
	src.labels = from.Labels
	if from.Replaces {
		s.round++
		src.round = s.round
	}
	for i := range from.Metrics {
		m := &from.Metrics[i]
		if m.Shape != push.Number {
			o.Histograms += len(m.Points)
		}
		f, refusal := s.family(m)
		if f == nil {
			o.Refused.AddMany(refusal, len(m.Points))
			continue
		}
		s.points(src, f, m, o)
		s.release(f)
	}
	if from.Replaces {
		for _, st := range src.streams {
			if st.round == src.round {
				continue
			}
			st.series.leave(st)
			if s.joined() && o.Points == 0 {
				// The group is deleted, not only some of its metrics.
				st.end()
			}
		}
	}
	// Removing streams, on the way, may have removed the source.
	s.addSource(src)
	s.dropSource(src)
}

// addSource makes a source known, if it is not.
func (s *State) addSource(src *source) {
	if s.sources[src.identity] == nil {
		s.sources[src.identity] = src
		s.held += len(src.identity)
	}
}

// dropSource forgets a source that has nothing any more.
func (s *State) dropSource(src *source) {
	if len(src.streams) == 0 && s.sources[src.identity] != nil {
		delete(s.sources, src.identity)
		s.held -= len(src.identity)
	}
}

func (s *State) points(src *source, f *family, m *push.Metric, o *Outcome) {
	for i := range m.Points {
		p := &m.Points[i]
		r := step{state: s, source: src, family: f, metric: m, point: p, outcome: o}
		if reason, cause := r.apply(); reason != "" {
			o.Refused.Add(push.Refusal{Metric: m.Name, Reason: reason, Cause: cause})
		}
	}
}
