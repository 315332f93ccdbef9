package contextd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/language"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
)

// extraction is a session that is to be looked at for something worth keeping.
type extraction struct {
	tenant   *tenant
	session  string
	attempts int
}

// Bounds of what is kept of conversations.
const (
	memoryEvery        = 4 // messages of a session
	memoryWorkers      = 2
	memoryQueue        = 32
	memoryAttempts     = 3
	memoriesPerAccount = 40
)

// remember looks at a session from time to time. That there is no room for it in
// the queue is counted there, and nothing else.
func (s *Service) remember(t *tenant, session string, messages int) {
	if messages%memoryEvery == 0 {
		_ = s.memories.Push(extraction{tenant: t, session: session})
	}
}

// extract makes a memory of a session, or puts the extraction back if the model
// has failed for now.
func (s *Service) extract(ctx context.Context, e extraction) {
	c := &call{tenant: e.tenant, name: extractMemories, start: time.Now()}
	err := s.tasks.Do(ctx, extractMemories, func(ctx context.Context) error { return s.makeMemory(ctx, c, e.session) })
	s.finish(c, err)
	if err == nil {
		return
	}
	e.attempts++
	if errors.Is(err, language.ErrOverloaded) && e.attempts < memoryAttempts {
		// If there is no room, it has been set aside.
		_ = s.memories.Retry(e)
		return
	}
	s.memories.SetAside()
}

func (s *Service) makeMemory(ctx context.Context, c *call, name string) error {
	kept, err := s.sessions.Messages(c.Name, name)
	if err != nil {
		return err
	}
	var prompt strings.Builder
	for _, k := range kept {
		text, err := s.vault.Open(c.Name, k.Sealed, sessionPlace(name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&prompt, "%s: %s\n", k.Role, text)
	}
	text, err := s.write(ctx, c, language.Extract, prompt.String())
	if err != nil {
		return err
	}
	number := c.remembered.Add(1) % memoriesPerAccount
	err = s.queue.Push(job{
		tenant: c.tenant, name: fmt.Sprintf("memory-%d", number), version: s.versions.Add(1), state: segment.Present,
		content: document{Type: "memory", Title: "What was talked about", Text: text},
	})
	if err == nil {
		c.memories++
	}
	return err
}

// write asks the language model.
func (s *Service) write(ctx context.Context, c *call, operation language.Operation, prompt string) (string, error) {
	answer, err := s.models.writer.Write(ctx, operation, prompt)
	c.inputTokens += answer.Input
	c.outputTokens += answer.Output
	return answer.Text, err
}
