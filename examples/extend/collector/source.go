package collector

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// Stall is how long work waited for one resource.
type Stall struct {
	// Resource is cpu, memory or io.
	Resource string
	// Who is "some" if at least one task waited, "full" if all did at once.
	Who string
	// Share is the part of the last ten seconds that was lost, from 0 to 1.
	Share float64
	// Total is the time that was lost since the machine started.
	Total time.Duration
}

// Kernel is Linux, as its files below /proc tell it. It knows nothing of
// metrics. It may be used from several goroutines.
type Kernel struct{ Proc fs.FS }

// resources are the files below /proc/pressure that are read.
var resources = []string{"cpu", "memory", "io"}

// Stalls reads the pressure stall information of Linux 4.20 and later. It fails
// on a kernel that has none.
func (k Kernel) Stalls(ctx context.Context) ([]Stall, error) {
	var all []Stall
	for _, resource := range resources {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		text, err := fs.ReadFile(k.Proc, "pressure/"+resource)
		if err != nil {
			return nil, fmt.Errorf("reading pressure stall information, which Linux has since 4.20: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			stall, err := parse(line)
			if err != nil {
				return nil, fmt.Errorf("pressure/%s: %w", resource, err)
			}
			stall.Resource = resource
			all = append(all, stall)
		}
	}
	return all, nil
}

// parse reads a line such as
//
//	some avg10=1.50 avg60=0.40 avg300=0.10 total=123456
//
// of which the averages are per cent and the total microseconds. What a later
// kernel adds is passed over.
func parse(line string) (s Stall, err error) {
	who, fields, _ := strings.Cut(strings.TrimSpace(line), " ")
	s.Who = who
	read := 0
	for _, field := range strings.Fields(fields) {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "avg10":
			s.Share, err = strconv.ParseFloat(value, 64)
			s.Share /= 100
		case "total":
			var microseconds int64
			microseconds, err = strconv.ParseInt(value, 10, 64)
			s.Total = time.Duration(microseconds) * time.Microsecond
		default:
			continue
		}
		if err != nil {
			return Stall{}, fmt.Errorf("field %q of the line %q: %w", field, line, err)
		}
		read++
	}
	if read != 2 {
		return Stall{}, fmt.Errorf("the line %q has no avg10 or no total: is this /proc?", line)
	}
	return s, nil
}
