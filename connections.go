package metertree

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// silentGrace is how long a connection that has sent nothing yet may still do so
// once the server shuts down. Browsers keep such connections open in advance.
const silentGrace = 200 * time.Millisecond

// silent are the connections that have sent nothing yet. A server's Shutdown
// would wait seconds for them.
type silent struct {
	mu          sync.Mutex
	connections map[net.Conn]struct{}
}

// follow is the server's ConnState.
func (s *silent) follow(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.connections, c)
		return
	}
	if s.connections == nil {
		s.connections = map[net.Conn]struct{}{}
	}
	s.connections[c] = struct{}{}
}

// closeAll closes them.
func (s *silent) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		// It carries nothing that an error could be about.
		_ = c.Close()
	}
}
