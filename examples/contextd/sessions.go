package contextd

import (
	"context"
	"net/http"
	"strings"

	"github.com/metertree/metertree/examples/contextd/internal/language"
	"github.com/metertree/metertree/examples/contextd/internal/session"
)

// message is one turn of a conversation.
type message struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// contextHits is how many chunks a message is answered with.
const contextHits = 3

func (s *Service) postSession(w http.ResponseWriter, _ *http.Request, c *call) error {
	name, err := s.sessions.Start(c.Name)
	if err != nil {
		return err
	}
	answer(w, http.StatusCreated, struct {
		Session string `json:"session"`
	}{name})
	return nil
}

func (s *Service) postMessage(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := decode[message](r)
	if err != nil {
		return err
	}
	if m.Role != "user" && m.Role != "assistant" {
		return refuse(http.StatusBadRequest, "message role %q: use user or assistant", m.Role)
	}
	name := r.PathValue("session")
	hits, err := s.search(r.Context(), c, m.Text, contextHits)
	if err != nil {
		return err
	}
	reply, err := s.reply(r.Context(), c, m, hits)
	if err != nil {
		return err
	}
	sealed, err := s.vault.Seal(c.Name, []byte(m.Text), sessionPlace(name))
	if err != nil {
		return err
	}
	position, err := s.sessions.Add(c.Name, name, session.Message{Role: m.Role, Sealed: sealed})
	if err != nil {
		return err
	}
	s.remember(c.tenant, name, position+1)
	answer(w, http.StatusCreated, struct {
		Position int     `json:"position"`
		Context  []found `json:"context"`
		Reply    string  `json:"reply,omitempty"`
	}{position, hits, reply})
	return nil
}

// reply lets the language model answer what a user says, given what was found.
func (s *Service) reply(ctx context.Context, c *call, m message, hits []found) (string, error) {
	if m.Role != "user" {
		return "", nil
	}
	var prompt strings.Builder
	for _, h := range hits {
		prompt.WriteString(h.Text)
		prompt.WriteByte('\n')
	}
	prompt.WriteString(m.Text)
	return s.write(ctx, c, language.Reply, prompt.String())
}

func (s *Service) getSession(w http.ResponseWriter, r *http.Request, c *call) error {
	name := r.PathValue("session")
	kept, err := s.sessions.Messages(c.Name, name)
	if err != nil {
		return err
	}
	messages := make([]message, 0, len(kept))
	for _, k := range kept {
		text, err := s.vault.Open(c.Name, k.Sealed, sessionPlace(name))
		if err != nil {
			return err
		}
		messages = append(messages, message{k.Role, string(text)})
	}
	answer(w, http.StatusOK, struct {
		Messages []message `json:"messages"`
	}{messages})
	return nil
}

// sessionPlace is what the messages of a session are bound to.
func sessionPlace(name string) []byte { return []byte("session " + name) }
