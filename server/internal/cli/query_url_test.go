package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// remoteAPI answers the query API with one counter in two series, to who has the
// password.
func remoteAPI(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		query, data := r.FormValue("query"), `{"resultType":"vector","result":[]}`
		row := `{"metric":{%s},"value":[1,"%d"]}`
		switch {
		case strings.HasSuffix(r.URL.Path, "/metadata"):
			data = `{"jobs_total":[{"type":"counter","help":"Jobs."}]}`
		case strings.Contains(query, "count by (__name__)"):
			data = `{"result":[` + fmt.Sprintf(row, `"__name__":"jobs_total"`, 2) + `,` + fmt.Sprintf(row, `"__name__":"other"`, 1) + `]}`
		case strings.Contains(query, "other"):
		case strings.Contains(query, "(code)"), strings.Contains(query, "without"):
			data = `{"result":[` + fmt.Sprintf(row, `"code":"ok"`, 30) + `,` + fmt.Sprintf(row, `"code":"bad"`, 10) + `]}`
		default:
			data = `{"result":[` + fmt.Sprintf(row, ``, 40) + `]}`
		}
		fmt.Fprintf(w, `{"status":"success","isPartial":true,"data":%s}`, data)
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http://", "http://me:s3cret@", 1)
}

func TestTreeOfARemote(t *testing.T) {
	address := remoteAPI(t)
	code, out, errs := run(t, "tree", "--query-url", address, "jobs_total", "--by", "code")
	if code != 0 || !strings.Contains(out, "40/s") || !strings.Contains(out, "ok") || strings.Contains(out, "other") {
		t.Errorf("exit %d, %s\n%s", code, errs, out)
	}
	if !strings.Contains(errs, "answers in part") || strings.Contains(out+errs, "s3cret") {
		t.Errorf("stderr %q", errs)
	}
	if code, out, _ := run(t, "tree", "--query-url", address); code != 0 || !strings.Contains(out, "other") {
		t.Errorf("all of it: exit %d\n%s", code, out)
	}
	for want, args := range map[string][]string{
		"no such metric":        {"tree", "--query-url", address, "none"},
		"give credentials":      {"tree", "--query-url", strings.Replace(address, "s3cret", "s3cret2", 1)},
		"not a URL":             {"tree", "--query-url", "s3cret2"},
		"no target":             {"tree"},
		"are for --query-url":   {"tree", "x", "--query.header", "a:b"},
		"number 1 is not a hea": {"tree", "--query-url", address, "--query.header", "s3cret2"},
		"can't be used tog":     {"serve", "--query-url", address, "--scrape", "http://x"},
	} {
		code, _, errs := run(t, args...)
		if code == 0 || !strings.Contains(errs, want) || strings.Contains(errs, "s3cret") || strings.Count(errs, "metertree: ") != 1 {
			t.Errorf("%v: exit %d, %q, want %q in it", args[0], code, errs, want)
		}
	}
}

// The viewer serves the page and the tree of the remote, and stores nothing.
func TestServeARemote(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	var log bytes.Buffer // read after the end
	done := make(chan int, 1)
	t.Chdir(t.TempDir())
	go func() {
		done <- Main(ctx, []string{"serve", "--query-url", remoteAPI(t), "--web.listen-address=127.0.0.1:0"}, Streams{Out: in, Err: &log})
	}()
	var url string
	if _, err := fmt.Fscanf(out, "metertree is ready at %s", &url); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"":                                "<html",
		"api/v1/tree":                     "jobs_total",
		"api/v1/tree/metric?metric=other": `"series"`,
		"metrics":                         "process_cpu_seconds_total",
		"-/healthy":                       "healthy",
		"-/ready":                         "ready",
	} {
		body, err := fetch(url + path)
		if err != nil || !strings.Contains(strings.ToLower(body), want) || strings.Contains(body, "s3cret") {
			t.Errorf("/%s: %v, %.300s", path, err, body)
		}
	}
	var none any
	if err := (apitest.Client{URL: url}).TryGet("query", nil, &none); err == nil {
		t.Error("a viewer answers PromQL")
	}
	cancel()
	select {
	case code := <-done:
		if code != 0 || strings.Contains(log.String(), "s3cret") || !strings.Contains(log.String(), "answers in part") {
			t.Errorf("exit %d, log %s", code, log.String())
		}
	case <-time.After(20 * time.Second):
		t.Error("the viewer does not stop")
	}
}

func fetch(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", response.Status)
	}
	return string(body), err
}
