package cli

import "context"

// growFunc reads a tree from a place, and tells what it is at. The progress may be
// nil.
type growFunc func(ctx context.Context, p *place, shown *progress) (*branch, error)

// printForm is how a tree is printed.
type printForm uint8

const (
	asText printForm = iota
	asJSON
)

func formOf(json bool) printForm {
	if json {
		return asJSON
	}
	return asText
}

// showTree reads a tree once and prints it.
func (f SourceFlags) showTree(ctx context.Context, streams Streams, form printForm, grow growFunc) error {
	// Signals are left alone: there is nothing to put in order, and a read from a
	// pipe or a terminal waits for its other end whatever the context says.
	progress := startProgress(ctx, streams.Err)
	defer progress.stop()
	p, err := f.open(ctx, streams)
	if err != nil {
		return err
	}
	defer p.close()
	root, err := grow(ctx, p, progress)
	progress.stop()
	if err != nil {
		return p.remedied(err)
	}
	if form == asJSON {
		err = writeJSON(streams.Out, root)
	} else {
		err = printTree(streams.Out, p.name, root)
	}
	complain(streams.Err, p.name, root.Notices)
	return outputError(err)
}

// watchTree reads a tree again and again and shows it.
func (f SourceFlags) watchTree(ctx context.Context, w watching, grow growFunc) error {
	var p *place
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	return w.run(ctx, func(ctx context.Context) (frame, error) {
		if p == nil || p.instant {
			opened, err := f.open(ctx, w.streams)
			if err != nil {
				return frame{}, err
			}
			p = opened
		}
		root, err := grow(ctx, p, nil)
		if err != nil {
			return frame{}, p.remedied(err)
		}
		name := p.name
		return frame{name: name, value: root, notices: root.Notices, text: func(f format) string { return f.tree(name, root) }}, nil
	})
}
