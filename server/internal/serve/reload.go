package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/metertree/metertree/server/internal/redact"
)

// errNoFile is what a reload answers when there is nothing to read again.
var errNoFile = errors.New("there is no configuration file to reload: start with --config.file")

// reload reads the configuration file and applies it whole, or leaves the
// running configuration as it is.
func (s *server) reload() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.options.ConfigFile == "" {
		return errNoFile
	}
	config, err := s.options.config(s.address)
	if err == nil {
		err = s.node.Apply(config)
	}
	s.self.noteReload(err)
	if err != nil {
		s.log.Error("configuration not reloaded, the former one keeps running", "err", err)
		return err
	}
	s.log.Info("configuration reloaded", "file", s.options.ConfigFile)
	return nil
}

// watchReloads reloads whenever asked, until the context ends.
func (s *server) watchReloads(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.options.Reload:
			// The outcome is logged and in the metrics; nobody waits for it here.
			_ = s.reload()
		}
	}
}

func (s *server) serveReload(w http.ResponseWriter, _ *http.Request) {
	switch err := s.reload(); {
	case errors.Is(err, errNoFile):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, "configuration not reloaded, the former one keeps running: "+redact.Text(err.Error()), http.StatusInternalServerError)
	default:
		_, _ = w.Write([]byte("reloaded\n"))
	}
}
