package contextd

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
)

// document is what a client puts and gets.
type document struct {
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text"`
}

func (d document) size() int { return len(d.Type) + len(d.Title) + len(d.Text) }

// maxTitleBytes and maxTextBytes bound a document.
const (
	maxTitleBytes = 200
	maxTextBytes  = 8 << 10
)

// contextTypes are the values of a document's type and of the label context_type.
var contextTypes = []string{"resource", "memory", "skill"}

// unknownType is the value of context_type where there is no document to have one.
const unknownType = "unknown"

var documentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (d document) check() error {
	switch {
	case !slices.Contains(contextTypes, d.Type):
		return refuse(http.StatusBadRequest, "document type %q: use one of %s", d.Type, strings.Join(contextTypes, ", "))
	case strings.TrimSpace(d.Text) == "":
		return refuse(http.StatusBadRequest, "document has no text: give some")
	case len(d.Text) > maxTextBytes:
		return refuse(http.StatusRequestEntityTooLarge, "document has %d bytes of text: give at most %d", len(d.Text), maxTextBytes)
	case len(d.Title) > maxTitleBytes:
		return refuse(http.StatusBadRequest, "document has %d bytes of title: give at most %d", len(d.Title), maxTitleBytes)
	}
	return nil
}

// accepted answers a change that will be made soon.
type accepted struct {
	Document string `json:"document"`
	Version  uint64 `json:"version"`
}

func (s *Service) putDocument(w http.ResponseWriter, r *http.Request, c *call) error {
	content, err := decode[document](r)
	if err != nil {
		return err
	}
	if err := content.check(); err != nil {
		return err
	}
	return s.enqueue(w, r, job{tenant: c.tenant, state: segment.Present, content: content})
}

func (s *Service) deleteDocument(w http.ResponseWriter, r *http.Request, c *call) error {
	kind := unknownType
	if stored, found := s.store.Read(c.Name, r.PathValue("document")); found {
		kind = stored.Type
	}
	return s.enqueue(w, r, job{tenant: c.tenant, state: segment.Deleted, content: document{Type: kind}})
}

func (s *Service) enqueue(w http.ResponseWriter, r *http.Request, j job) error {
	j.name = r.PathValue("document")
	if !documentName.MatchString(j.name) {
		return refuse(http.StatusBadRequest, "document name %q: use letters, digits, dots, dashes and underscores, at most 100", j.name)
	}
	j.version = s.versions.Add(1)
	if err := s.queue.Push(j); err != nil {
		return fmt.Errorf("document %q not accepted: %w", j.name, err)
	}
	answer(w, http.StatusAccepted, accepted{j.name, j.version})
	return nil
}

func (s *Service) getDocument(w http.ResponseWriter, r *http.Request, c *call) error {
	name := r.PathValue("document")
	version, found := s.store.Version(c.Name, name)
	if !found {
		return refuse(http.StatusNotFound, "document %q is not there: put it first, or wait until it is stored", name)
	}
	content, version, err := s.readDocument(r.Context(), c.tenant, name, version)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		accepted
		document
	}{accepted{name, version}, content})
	return nil
}

// readDocument returns a document, from the first cache level that has this
// version of it or else from the store, and the version it then has.
func (s *Service) readDocument(ctx context.Context, t *tenant, name string, version uint64) (document, uint64, error) {
	key := segment.Key(t.Name, name)
	if content, hit := s.plain.Get(key, version); hit {
		return content, version, nil
	}
	content, err := s.plain.Load(func() (document, error) {
		stored, err := s.readSealed(ctx, t, name, version)
		if err != nil {
			return document{}, err
		}
		version = stored.Version
		return s.openDocument(t, name, stored)
	})
	if err != nil {
		return document{}, 0, err
	}
	s.plain.Put(key, version, content)
	return content, version, nil
}

// readSealed returns a document as it is stored, from the second cache level if
// that has this version of it.
func (s *Service) readSealed(ctx context.Context, t *tenant, name string, version uint64) (segment.Stored, error) {
	key := segment.Key(t.Name, name)
	if stored, hit := s.sealed.Get(key, version); hit {
		return stored, nil
	}
	stored, err := s.sealed.Load(func() (segment.Stored, error) { return s.readStore(ctx, t, name) })
	if err == nil {
		s.sealed.Put(key, stored.Version, stored)
	}
	return stored, err
}

func (s *Service) readStore(ctx context.Context, t *tenant, name string) (segment.Stored, error) {
	if s.config.ReadLatency > 0 {
		if err := pause.For(ctx, s.config.ReadLatency); err != nil {
			return segment.Stored{}, err
		}
	}
	stored, found := s.store.Read(t.Name, name)
	if !found {
		return stored, refuse(http.StatusNotFound, "document %q was deleted", name)
	}
	return stored, nil
}

func (s *Service) openDocument(t *tenant, name string, stored segment.Stored) (document, error) {
	var text strings.Builder
	for i, sealed := range stored.Sealed {
		part, err := s.vault.Open(t.Name, sealed, place(name, stored.Version, i))
		if err != nil {
			return document{}, err
		}
		text.Write(part)
	}
	return document{Type: stored.Type, Title: stored.Title, Text: text.String()}, nil
}
