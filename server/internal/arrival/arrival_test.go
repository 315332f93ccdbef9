package arrival

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// arrived is what became of a body.
type arrived struct {
	content []byte
	err     error
}

// site reads bodies by a hall and tells what became of them.
type site struct {
	*httptest.Server
	hall   *Hall
	later  atomic.Int64 // how much later than it is the hall thinks that it is, in nanoseconds
	bodies chan arrived
}

func open(t *testing.T, most, limit int64, within time.Duration) *site {
	t.Helper()
	s := &site{hall: New(most), bodies: make(chan arrived, 10)}
	s.hall.now = func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := s.hall.Read(w, r, limit, within)
		s.bodies <- arrived{content, err}
	}))
	t.Cleanup(s.Close)
	return s
}

// send begins to send a body whose length is not announced, and gives what takes
// the rest of it.
func (s *site) send(t *testing.T, start int) *io.PipeWriter {
	t.Helper()
	from, rest := io.Pipe()
	t.Cleanup(func() { _ = rest.Close() })
	go func() {
		response, err := http.Post(s.URL, "", from)
		if err == nil {
			_ = response.Body.Close()
		}
	}()
	if _, err := rest.Write(make([]byte, start)); err != nil {
		t.Fatal(err)
	}
	return rest
}

// holds waits until the hall holds so many bytes.
func (s *site) holds(t *testing.T, want int64) {
	t.Helper()
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		s.hall.mu.Lock()
		defer s.hall.mu.Unlock()
		return s.hall.held == want, fmt.Sprintf("the hall holds %d bytes, want %d", s.hall.held, want)
	})
}

func TestBodiesArrive(t *testing.T) {
	const limit = 100_000
	hall := New(2 * limit)
	for _, size := range []int{0, 1, firstRead - 1, firstRead, firstRead + 1, limit - 1, limit, limit + 1, 3 * limit} {
		for _, announced := range []bool{true, false} {
			body := bytes.Repeat([]byte{7}, size)
			r := httptest.NewRequest(http.MethodPost, "/", iotest.HalfReader(bytes.NewReader(body)))
			r.ContentLength = -1
			if announced {
				r.ContentLength = int64(size)
			}
			got, err := hall.Read(httptest.NewRecorder(), r, limit, time.Hour)
			if size > limit {
				if !errors.Is(err, ErrTooLarge) {
					t.Errorf("%d bytes, announced %v: error %v", size, announced, err)
				}
				continue
			}
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%d bytes, announced %v: %d arrived, error %v", size, announced, len(got), err)
			}
		}
	}
	if hall.held != 0 || hall.present.Len() != 0 {
		t.Errorf("afterwards %d bodies hold %d bytes", hall.present.Len(), hall.held)
	}
}

func TestBrokenBodies(t *testing.T) {
	hall := New(1 << 20)
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		body io.Reader
		want error
	}{
		"a broken connection": {iotest.ErrReader(broken), broken},
		"less than announced": {io.MultiReader(bytes.NewReader(make([]byte, 10)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"cut by the server":   {iotest.ErrReader(&http.MaxBytesError{Limit: 1}), ErrTooLarge},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", test.body)
		if _, err := hall.Read(httptest.NewRecorder(), r, 100, time.Hour); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}

// Memory grows with what arrives, not with what is announced.
func TestAnnouncementsTakeNothing(t *testing.T) {
	s := open(t, 1<<20, 1<<20, time.Minute)
	s.send(t, 10)
	s.holds(t, firstRead)
	s.send(t, firstRead+1)
	s.holds(t, 3*firstRead)
}

// A body that arrives slowly gives way to others, and one that just began does not.
func TestTheSlowGiveWay(t *testing.T) {
	const most = 64 << 10
	s := open(t, most, most/2, time.Minute)
	s.send(t, most/2-1)
	s.holds(t, most/2)
	second := s.send(t, most/4+1)
	s.holds(t, most)
	response, err := http.Post(s.URL, "", bytes.NewReader(make([]byte, 10)))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := <-s.bodies; !errors.Is(got.err, ErrCrowded) {
		t.Fatalf("there is room for a third: %v", got.err)
	}
	s.later.Store(int64(patience))
	if response, err = http.Post(s.URL, "", bytes.NewReader(make([]byte, 10))); err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	answers := map[int]error{}
	for range 2 {
		got := <-s.bodies
		answers[len(got.content)] = got.err
	}
	if err, found := answers[10]; !found || err != nil || !errors.Is(answers[0], ErrTooSlow) {
		t.Errorf("of the new one and of the oldest there came %v", answers)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-s.bodies; got.err != nil || len(got.content) != most/4+1 {
		t.Errorf("%d bytes of the second arrived: %v", len(got.content), got.err)
	}
	s.holds(t, 0)
}

func TestTooSlow(t *testing.T) {
	s := open(t, 1<<20, 1<<20, 50*time.Millisecond)
	s.send(t, 10)
	if got := <-s.bodies; !errors.Is(got.err, ErrTooSlow) {
		t.Errorf("error %v", got.err)
	}
}
