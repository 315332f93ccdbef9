package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/metertree/metertree/benchmarks/measure"
)

// answer is what a process says to a task.
type answer struct {
	Samples measure.Samples
	Error   string
}

// Serve does tasks from in until it ends and writes the answers to out.
func Serve(in io.Reader, out io.Writer) error {
	tasks, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var task Task
		if err := tasks.Decode(&task); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a task: %w", err)
		}
		samples, err := task.Run()
		reply := answer{Samples: samples}
		if err != nil {
			reply.Error = err.Error()
		}
		if err := answers.Encode(reply); err != nil {
			return fmt.Errorf("answering a task: %w", err)
		}
	}
}

// Process is a program that serves tasks. It does one at a time.
type Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	tasks   *json.Encoder
	answers *json.Decoder
}

// Start runs a program, which must serve tasks when called with the given
// arguments, with the given GOMAXPROCS; 0 leaves that to the program's
// runtime. The program is killed when the context ends.
func Start(ctx context.Context, procs int, program string, arguments ...string) (*Process, error) {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Stderr = os.Stderr
	if procs > 0 {
		command.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", procs))
	}
	in, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", program, err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", program, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("worker %s: %w", program, err)
	}
	return &Process{command, in, json.NewEncoder(in), json.NewDecoder(out)}, nil
}

// Do gives the process a task and returns its samples.
func (p *Process) Do(task Task) (measure.Samples, error) {
	if err := p.tasks.Encode(task); err != nil {
		return nil, fmt.Errorf("giving worker %s a task: %w", p.command.Path, err)
	}
	var reply answer
	if err := p.answers.Decode(&reply); err != nil {
		return nil, fmt.Errorf("worker %s gave no answer to %s of %s: %w", p.command.Path, task.Method, task.Library, err)
	}
	if reply.Error != "" {
		return nil, errors.New(reply.Error)
	}
	return reply.Samples, nil
}

// Close ends the process and waits for it.
func (p *Process) Close() error {
	if err := p.in.Close(); err != nil {
		return fmt.Errorf("ending worker %s: %w", p.command.Path, err)
	}
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("worker %s: %w", p.command.Path, err)
	}
	return nil
}
