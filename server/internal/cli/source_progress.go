package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress tells on a terminal what long work is at: one line, which is taken away
// at the end. A nil progress tells nothing. It is safe for concurrent use.
type progress struct {
	to    io.Writer
	width int
	end   context.CancelFunc
	done  sync.WaitGroup

	mu   sync.Mutex
	text string
}

const (
	progressDelay  = time.Second // work that takes less is not worth a line
	progressPeriod = 200 * time.Millisecond
)

// startProgress begins to tell, if there is a terminal to tell it to.
func startProgress(ctx context.Context, to io.Writer) *progress {
	f, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return tellProgress(ctx, to, lineWidth(to))
}

func tellProgress(ctx context.Context, to io.Writer, width int) *progress {
	ctx, end := context.WithCancel(ctx)
	p := &progress{to: to, width: width, end: end}
	p.done.Go(func() { p.run(ctx) })
	return p
}

// say changes what is told.
func (p *progress) say(format string, args ...any) {
	if p == nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// stop takes the line away. It may be called again.
func (p *progress) stop() {
	if p == nil {
		return
	}
	p.end()
	p.done.Wait()
}

func (p *progress) run(ctx context.Context) {
	tick := time.NewTimer(progressDelay)
	defer tick.Stop()
	shown := ""
	for {
		select {
		case <-ctx.Done():
			if shown != "" {
				fmt.Fprint(p.to, "\r"+clearLine)
			}
			return
		case <-tick.C:
		}
		p.mu.Lock()
		text := p.text
		p.mu.Unlock()
		if text != shown && text != "" {
			fmt.Fprintf(p.to, "\r%s…%s", shorten(printable(text), p.width-2), clearLine)
			shown = text
		}
		tick.Reset(progressPeriod)
	}
}
