package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/metertree/metertree/benchmarks/servers/load"
)

// scraping is one server that scrapes.
type scraping struct {
	*Bench
	*process
	config  string
	targets *load.Targets
	series  int
	// missing is how many scrapes were answered that the server gave up waiting
	// for.
	missing int
}

func (b *Bench) scrapes(ctx context.Context) error {
	return b.rounds(ctx, "scrapes", b.Plan.Rounds, b.scrape)
}

// scrape has one server scrape, at the interval of all rounds and, in the last
// one, at shorter ones.
func (b *Bench) scrape(ctx context.Context, s Server, last bool) (err error) {
	population := b.Plan.Scrape.population()
	targets, err := load.Serve(population)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, targets.Close()) }()
	dir, err := b.workplace(targets.Config(b.Plan.Scrape.Interval))
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := start(ctx, s, b.Cores.server, dir)
	if err != nil {
		return err
	}
	defer p.kill()
	run := &scraping{Bench: b, process: p, config: configIn(dir), targets: targets, series: population.PerInstance()}
	if err := run.steady(ctx); err != nil {
		return err
	}
	if last {
		for _, interval := range b.Plan.Scrape.Faster {
			if err := run.faster(ctx, interval); err != nil {
				return err
			}
		}
	}
	if err := run.whole(ctx); err != nil {
		return err
	}
	_, err = p.stop()
	return err
}

// steady measures what is sustained.
func (r *scraping) steady(ctx context.Context) error {
	plan := r.Plan.Scrape
	w, err := r.window(ctx, plan.Settle, plan.Lasting)
	if err != nil {
		return err
	}
	used, err := residentMemory(r.pid())
	if err != nil {
		return err
	}
	samples, err := r.samples(ctx, w)
	if err != nil {
		return err
	}
	r.add(r.server, ScrapeRate, samples/w.took.Seconds())
	r.add(r.server, ScrapeCPU, w.cpu.Seconds()/samples*million)
	r.add(r.server, ScrapeMemory, used.now/megabyte)
	r.add(r.server, ScrapePeak, used.peak/megabyte)
	return nil
}

// faster measures a shorter interval, at which scrapes may be missed.
func (r *scraping) faster(ctx context.Context, interval time.Duration) error {
	if err := writeConfig(r.config, r.targets.Config(interval)); err != nil {
		return err
	}
	r.targets.Resume()
	if err := r.reload(); err != nil {
		return err
	}
	plan := r.Plan.Scrape
	if err := r.waitRate(ctx, .9*plan.demanded(interval)); err != nil {
		return err
	}
	w, err := r.window(ctx, plan.FasterSettle, plan.FasterLasting)
	if err != nil {
		return err
	}
	samples, err := r.samples(ctx, w)
	if err != nil {
		return err
	}
	demanded := plan.demanded(interval)
	r.add(r.server, FasterRate(demanded), samples/w.took.Seconds())
	r.add(r.server, FasterCores(demanded), w.cpu.Seconds()/w.took.Seconds())
	return nil
}

// waitRate waits until samples are scraped at a rate. Prometheus, and so
// metertree, takes an interval over when its discovery next tells of the
// targets, every five seconds; a server that does not reach the rate later is
// measured all the same.
func (r *scraping) waitRate(ctx context.Context, rate float64) error {
	const patience, look = 7 * time.Second, 500 * time.Millisecond
	for began := time.Now(); time.Since(began) < patience; {
		scrapes, at := r.targets.Scrapes(), time.Now()
		if err := wait(ctx, look); err != nil {
			return err
		}
		if float64((r.targets.Scrapes()-scrapes)*r.series)/time.Since(at).Seconds() >= rate {
			return nil
		}
	}
	return nil
}

// window is what happened while it was measured.
type window struct {
	span
	took, cpu time.Duration
}

// window waits until the server has settled, with every target scraped, and
// measures for a while.
func (r *scraping) window(ctx context.Context, settle, lasting time.Duration) (w window, err error) {
	patient, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := r.targets.WaitScrapes(patient, r.Plan.Scrape.Targets); err != nil {
		return w, fmt.Errorf("%w\n%s", err, r.output.String())
	}
	if err := wait(ctx, settle); err != nil {
		return w, err
	}
	before, err := r.read()
	if err != nil {
		return w, err
	}
	if err := wait(ctx, lasting); err != nil {
		return w, err
	}
	after, err := r.read()
	w.span = span{before.at, after.at}
	w.took, w.cpu = after.at.Sub(before.at), after.cpu-before.cpu
	return w, err
}

// looks is how often a server is asked again whose answer is not the one that is
// hoped for, a tenth of a second apart.
const looks = 20

// samples stops scrapes, waits until those in work are stored, and returns how
// many samples a window has of scrapes that the server calls a success.
func (r *scraping) samples(ctx context.Context, w window) (float64, error) {
	r.targets.Pause()
	for look := 1; ; look++ {
		all, err := r.successes(ctx, time.Now())
		if err != nil {
			return 0, err
		}
		missing := r.targets.Scrapes() - r.missing - all
		if missing == 0 || look == looks {
			r.missing += missing
			break
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
	before, err := r.successes(ctx, w.begin)
	if err != nil {
		return 0, err
	}
	after, err := r.successes(ctx, w.end)
	return float64((after - before) * r.series), err
}

// successes is how many scrapes up to a time the server calls a success.
func (r *scraping) successes(ctx context.Context, until time.Time) (int, error) {
	if err := r.flush(ctx); err != nil {
		return 0, err
	}
	when := span{r.began, until}
	up, err := r.number(ctx, fmt.Sprintf("sum(sum_over_time(up{job=%q}[%ds]))", load.Job, when.seconds()), when.end)
	return int(up), err
}

// whole fails unless every scrape that the server calls a success is stored, all
// of its samples. Scrapes must be stopped; the last may still be on their way. An
// interval that changes may cut one off that is stored and not called so.
func (r *scraping) whole(ctx context.Context) error {
	for look := 1; ; look++ {
		now := time.Now()
		successes, err := r.successes(ctx, now)
		if err != nil {
			return err
		}
		samples, err := r.holds(ctx, load.Names(), span{r.began, now})
		if err != nil || samples >= successes*r.series {
			return err
		}
		if look == looks/2 {
			return fmt.Errorf("%d scrapes of %d samples are called a success, and %d samples are stored", successes, r.series, samples)
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
