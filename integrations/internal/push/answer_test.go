package push_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

// TestAnswers holds what all backends mean alike.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		code    int
		body    string
		header  []string
		verdict push.Verdict
		want    string
	}{
		"accepted":      {204, "", nil, push.Accepted, "http://host/write answers 204"},
		"credentials":   {401, " who?\n", nil, push.Refused, "http://host/write answers 401: who?: check the key"},
		"permission":    {403, "", nil, push.Refused, "http://host/write answers 403: check the key"},
		"not there":     {404, "", nil, push.Refused, "http://host/write answers 404: check the path"},
		"not a post":    {405, "", nil, push.Refused, "http://host/write answers 405: check the path"},
		"redirect":      {302, "", []string{"Location", "http://ann:" + pushtest.Secret + "@else/?" + pushtest.Secret}, push.Refused, `http://host/write answers 302: give the address that it redirects to, "http://else/"`},
		"to nowhere":    {300, "", nil, push.Refused, `http://host/write answers 300: give the address that it redirects to, ""`},
		"too large":     {413, "", nil, push.TooLarge, "http://host/write answers 413"},
		"differs":       {400, "bad", nil, push.Refused, "http://host/write answers 400: bad"},
		"overload":      {429, "", nil, push.Later, "http://host/write answers 429"},
		"failure":       {500, "\x00a\nb", nil, push.Later, "http://host/write answers 500:  a b"},
		"page":          {502, pushtest.Page, nil, push.Later, "http://host/write answers 502: a page of HTML"},
		"page by type":  {400, "login", []string{"Content-Type", "Text/HTML; charset=x"}, push.Refused, "http://host/write answers 400: a page of HTML"},
		"breaks off":    {400, "brok", []string{"Content-Type", "x/y"}, push.Refused, "http://host/write answers 400: brok"},
		"long and odd":  {400, strings.Repeat("é", 300), nil, push.Refused, "http://host/write answers 400: " + strings.Repeat("é", 250) + " …"},
		"short but odd": {400, "\xff", nil, push.Refused, "http://host/write answers 400: \uFFFD"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := answering(t, push.Config{Hints: push.Hints{Credentials: "check the key", Address: "check the path"}},
					func(*http.Request) (*http.Response, error) {
						r := pushtest.Canned(test.code, test.header...)
						r.Body = io.NopCloser(io.MultiReader(strings.NewReader(test.body), breaking{}))
						return r, nil
					})
				var got *push.Answer
				r := plain()
				r.Judge = func(a *push.Answer) error {
					got = a
					return nil
				}
				_, err := c.Post(t.Context(), t.Context(), r)
				if (err != nil) != (test.verdict == push.Later) {
					t.Errorf("error is %v", err)
				}
				if got.Verdict != test.verdict || got.Error() != test.want || !utf8.ValidString(got.Message) {
					t.Errorf("verdict is %v, %q; want %v, %q", got.Verdict, got, test.verdict, test.want)
				}
				if !errors.Is(got.Broken, io.ErrUnexpectedEOF) {
					t.Errorf("that the body breaks off is %v", got.Broken)
				}
			})
		})
	}
}

// breaking is a body that ends too early.
type breaking struct{}

func (breaking) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnswerSaysWhatItIsAbout(t *testing.T) {
	a := &push.Answer{From: "http://host", Status: "400", Message: "no", About: "line 3", Hint: "do better"}
	if want := "http://host answers 400: no (line 3): do better"; a.Error() != want {
		t.Errorf("error is %v, want %s", a, want)
	}
}
