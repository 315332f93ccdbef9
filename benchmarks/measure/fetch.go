package measure

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Fetch scrapes what Scrapes serves at url so many times and returns
// milliseconds from the request to the last byte of the answer, which is
// discarded as it comes, compressed or not. Before that it reads one answer
// while the heap is sampled, which must be text of so many counters; the others
// must be as long. There are no samples if the library does not have the coding.
func Fetch(url string, c work.Coding, series, times int) (Samples, error) {
	f := &fetcher{url: url, coding: c, client: &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	defer f.client.CloseIdleConnections()
	size, has, err := f.read(series)
	if err != nil || !has {
		return Samples{}, err
	}
	samples := Samples{}
	for range times {
		began := time.Now()
		n, err := f.discard()
		if err != nil {
			return nil, err
		}
		samples.add(work.Scrape(c), milliseconds(time.Since(began)))
		if n != size {
			return nil, fmt.Errorf("%s answered %d bytes after %d of the same series", url, n, size)
		}
	}
	return samples, nil
}

type fetcher struct {
	url    string
	coding work.Coding
	client *http.Client
}

func (f *fetcher) get(path string) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, f.url+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("address of the scrape: %w", err)
	}
	request.Header.Set("Accept", "text/plain; version=0.0.4")
	request.Header.Set("Accept-Encoding", string(f.coding))
	response, err := f.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("scraping: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s answered %s", f.url, response.Status)
	}
	return response, nil
}

// discard returns the length of an answer.
func (f *fetcher) discard() (n int64, err error) {
	response, err := f.get(timedPath)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if n, err = io.Copy(io.Discard, response.Body); err != nil {
		return n, fmt.Errorf("reading what %s answers: %w", f.url, err)
	}
	return n, nil
}

// read counts the series of an answer and returns its length, and whether it
// has the coding.
func (f *fetcher) read(series int) (size int64, has bool, err error) {
	response, err := f.get(weighedPath)
	if err != nil {
		return 0, false, err
	}
	defer response.Body.Close()
	body := &countingReader{from: response.Body}
	var text io.Reader = body
	switch got := response.Header.Get("Content-Encoding"); {
	case f.coding == work.Plain && got == "":
	case f.coding == work.Gzip && got == "gzip":
		if text, err = gzip.NewReader(body); err != nil {
			return 0, false, fmt.Errorf("reading what %s answers: %w", f.url, err)
		}
	case got == "":
		return 0, false, nil
	default:
		return 0, false, fmt.Errorf("%s answered in the coding %q, asked for %q", f.url, got, f.coding)
	}
	n, err := rivals.Series(work.Text, work.Counters, text)
	if err != nil {
		return 0, false, fmt.Errorf("reading what %s answers: %w", f.url, err)
	}
	if n != series {
		return 0, false, fmt.Errorf("%s answered with %d of %d series", f.url, n, series)
	}
	return body.n, true, nil
}

// countingReader counts the bytes that are read.
type countingReader struct {
	from io.Reader
	n    int64
}

// Read implements io.Reader.
func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n += int64(n)
	return n, err
}
