package load

import (
	"fmt"
	"strconv"
)

// Population is the series of several instances of one service. For each path
// an instance has a histogram of Buckets buckets, a counter for each of the
// statuses, and a gauge: SeriesPerPath series.
type Population struct {
	// Instances is how many there are, each with the same series.
	Instances int
	each      []series
}

// Metric names of a population. All series' names begin with Prefix.
const (
	Prefix   = "shop_"
	Requests = "shop_http_requests_total"
	Latency  = "shop_http_request_duration_seconds"
	InFlight = "shop_http_requests_in_flight"
)

const (
	// Buckets is how many buckets a histogram has, that of +Inf included.
	Buckets = 12
	// SeriesPerPath is how many series an instance has for each path: buckets,
	// sum and count, counters by status, and a gauge.
	SeriesPerPath = Buckets + 2 + statuses + 1
	statuses      = 5
)

var (
	bounds = [Buckets]string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}
	// shares are the parts, of the last one, of observations in each bucket and
	// those below.
	shares = [Buckets]int64{1, 3, 7, 12, 17, 21, 24, 26, 27, 28, 29, 30}
	codes  = [statuses]string{"200", "201", "404", "500", "503"}
)

// NewPopulation returns one with SeriesPerPath series for each path of each
// instance.
func NewPopulation(instances, paths int) Population {
	p := Population{Instances: instances}
	p.addHistograms(paths)
	p.addCounters(paths)
	p.addGauges(paths)
	return p
}

// Names are those of all series.
func Names() []string { return append(histogramNames(Latency), Requests, InFlight) }

func histogramNames(family string) []string {
	return []string{family + "_bucket", family + "_sum", family + "_count"}
}

// Series is how many series there are.
func (p Population) Series() int { return p.Instances * len(p.each) }

// PerInstance is how many series each instance has.
func (p Population) PerInstance() int { return len(p.each) }

// Path is the value of the label path with a number.
func Path(i int) string { return fmt.Sprintf("/api/v1/resource-%03d", i) }

// Instance is the value of the label instance with a number.
func Instance(i int) string { return fmt.Sprintf("shop-%04d:8080", i) }

// Job is the value of the label job.
const Job = "shop"

// label is one of a series' labels.
type label struct{ name, value string }

// series is one of an instance's series.
type series struct {
	// head is what a text exposition says before it: of the first of a family.
	head string
	name string
	// labels are those beside the name, the instance and the job, sorted, and all
	// after these in order.
	labels []label
	// text is the series as an exposition begins its line.
	text string
	// key tells series apart that do not move together.
	key uint64
	// weight multiplies what has been counted; a gauge has none.
	weight int64
}

func (p *Population) add(s series) {
	s.text = s.head + s.name + "{"
	for i, l := range s.labels {
		if i > 0 {
			s.text += ","
		}
		s.text += l.name + "=" + strconv.Quote(l.value)
	}
	s.text += "} "
	p.each = append(p.each, s)
}

func (p *Population) addHistograms(paths int) {
	head := "# HELP " + Latency + " Time to answer a request.\n# TYPE " + Latency + " histogram\n"
	for path := range paths {
		at := label{"path", Path(path)}
		key := uint64(path) << 8
		for i, bound := range bounds {
			p.add(series{
				head: head, name: Latency + "_bucket", labels: []label{{"le", bound}, at},
				key: key, weight: shares[i],
			})
			head = ""
		}
		last := shares[Buckets-1]
		p.add(series{name: Latency + "_sum", labels: []label{at}, key: key, weight: last * 3})
		p.add(series{name: Latency + "_count", labels: []label{at}, key: key, weight: last})
	}
}

func (p *Population) addCounters(paths int) {
	head := "# HELP " + Requests + " Requests answered.\n# TYPE " + Requests + " counter\n"
	for path := range paths {
		for i, code := range codes {
			p.add(series{
				head: head, name: Requests, labels: []label{{"path", Path(path)}, {"status", code}},
				key: uint64(path)<<8 + uint64(i) + 1, weight: 1,
			})
			head = ""
		}
	}
}

func (p *Population) addGauges(paths int) {
	head := "# HELP " + InFlight + " Requests in work.\n# TYPE " + InFlight + " gauge\n"
	for path := range paths {
		p.add(series{head: head, name: InFlight, labels: []label{{"path", Path(path)}}, key: uint64(path)<<8 + 255})
		head = ""
	}
}

// value is a series' value of an instance at a tick, a whole number. Counters
// rise at every tick, each at a pace of its own, and begin far from zero.
func (s series) value(instance, tick int) int64 {
	own := mix(uint64(instance)<<32 | s.key)
	if s.weight == 0 {
		return int64(mix(own+uint64(tick)) % 1000)
	}
	return s.weight * counted(own, tick)
}

// counted is what a counter has counted by a tick.
func counted(own uint64, tick int) int64 {
	const begin, paces = 1_000_000, 50
	pace := 1 + own%paces
	return int64(begin + uint64(tick)*pace + mix(own+uint64(tick))%pace)
}

// mix spreads the bits of a number, as the finalizer of SplitMix64 does
// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
