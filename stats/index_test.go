package stats

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = "testdata/" + file
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", file, got)
	}
}

const hostile = `<script>alert(1)</script>"' onload=x <img src=x>`

// shown are queries with every case of the list.
func shown(t *testing.T) http.Handler {
	t.Helper()
	nasty := picky(
		Parameter{Name: "a", Help: hostile, Default: hostile},
		Parameter{Name: "b", Help: "one\tline\x1b[2J\n", Required: true},
		Parameter{Name: "c", Help: "whatever"},
	)
	nasty.Help, nasty.TTL, nasty.Timeout = hostile, -1, time.Minute
	return with(t, Options{}, answering("bare", 1, nil), nasty)
}

func list(h http.Handler, accept string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Accept", accept)
	got := httptest.NewRecorder()
	h.ServeHTTP(got, request)
	return got
}

func TestListInText(t *testing.T) {
	golden(t, "list.txt", list(shown(t), "text/plain").Body.String())
	golden(t, "empty.txt", list(with(t, Options{}), "text/plain").Body.String())
}

func TestListInJSON(t *testing.T) {
	var got struct{ Queries []listing }
	if err := json.Unmarshal(list(shown(t), "application/json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []listing{
		{Name: "bare", Help: "Answers.", Path: "./bare", TimeoutSeconds: 10, TTLSeconds: 10},
		{Name: "picky", Help: hostile, Path: "./picky", TimeoutSeconds: 60, Parameters: []listingParameter{
			{Name: "a", Help: hostile, Default: hostile},
			{Name: "b", Help: "one\tline\x1b[2J\n", Required: true},
			{Name: "c", Help: "whatever"},
		}},
	}
	if !reflect.DeepEqual(got.Queries, want) {
		t.Errorf("got %+v", got.Queries)
	}
}

func TestListAsPage(t *testing.T) {
	got := list(shown(t), "text/html,*/*;q=0.8")
	body := got.Body.String()
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, `""`)
	if found := regexp.MustCompile(`<(script|img)|<[a-z][^>]*\s(on[a-z]+|style)=`).FindString(bare); found != "" {
		t.Errorf("the page has %q:\n%s", found, body)
	}
	for _, want := range []string{
		`<form method="get" action="./picky">`, `<label for="picky.b">b</label>`, `aria-describedby="picky.b.help" required`,
		`aria-label="Ask picky"`, `&lt;script&gt;`, `at most 60 s<`, `at most 10 s; the same answer for 10 s<`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in:\n%s", want, body)
		}
	}
	sum := sha256.Sum256(regexp.MustCompile(`(?s)<style>(.*)</style>`).FindSubmatch([]byte(body))[1])
	csp := got.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("content security policy %s", csp)
	}
	if empty := list(with(t, Options{}), "text/html").Body.Bytes(); !bytes.Contains(empty, []byte("No query is registered yet")) {
		t.Errorf("the empty page is %s", empty)
	}
}

func TestListNegotiates(t *testing.T) {
	h := shown(t)
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "text/plain": "text/plain; charset=utf-8",
		"text/html;q=0.9, text/plain": "text/plain; charset=utf-8", "text/html": "text/html; charset=utf-8",
	} {
		if got := list(h, accept).Header(); got.Get("Content-Type") != want || got.Get("Vary") != "Accept" {
			t.Errorf("Accept %q: got %v", accept, got)
		}
	}
	if got := get(h, "/?format=xml"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "use json, text or html") {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
}
