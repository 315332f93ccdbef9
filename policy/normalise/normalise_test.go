package normalise

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/policy"
)

func models(t testing.TB) Normaliser {
	t.Helper()
	n, err := Models(map[string]string{
		"gpt-4o": "gpt-4o", "gpt-4": "gpt-4", "gpt-4o-mini": "gpt-4o-mini", "o1": "o1",
		"claude-3-5-sonnet-20240620": "claude-3.5-sonnet", "claude-3-5-sonnet": "claude-3.5-sonnet",
		"text-embedding-3-small": "embedding",
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNormalisers(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, test := range map[string]struct {
		normaliser Normaliser
		cases      map[string]string
	}{
		"enum": {Enum("hit", "miss"), map[string]string{"hit": "hit", "miss": "miss", "HIT": "other", "x\n": "other"}},
		"status": {StatusClass(), map[string]string{
			"200": "2xx", "404": "4xx", "599": "5xx", "101": "1xx", "3xx": "3xx",
			"600": "other", "20": "other", "2x0": "other", "2000": "other", "ok": "other",
		}},
		"length": {MaxLength(8), map[string]string{"12345678": "12345678", "123456789": "12345…", "1234é6789": "1234…", "日本語日本語": "日…"}},
		"least":  {MaxLength(0), map[string]string{"1234": "1234", "12345": "1…"}},
		"printable": {Printable(), map[string]string{
			"plain": "plain", "Größe 日本": "Größe 日本", "a\nb": "a_b", "a\r\n\tb\x00": "a_b_", "\xff\xfea": "_a", "a\u2028b": "a_b", "a\u202eb": "a_b", "\ufffd": "\ufffd",
		}},
		"route": {Route(), map[string]string{
			"/": "/", "/users": "/users", "/users/": "/users/", "users/1": "/users/{n}",
			"/users/42/orders/-7":                       "/users/{n}/orders/{n}",
			"/o/123e4567-e89b-12d3-a456-426614174000/x": "/o/{uuid}/x",
			"/o/123e4567e89b12d3a456426614174000":       "/o/{uuid}",
			"/c/deadbeef1":                              "/c/{id}",
			"/c/deadbeef":                               "/c/deadbeef",
			"/u/anna@example.com":                       "/u/{id}",
			"/u/user1234":                               "/u/{id}",
			"/v1/oauth2/s3/utf8":                        "/v1/oauth2/s3/utf8",
			"/a%20b":                                    "/{id}",
			"/x?secret=1":                               "/x",
			"/x#top":                                    "/x",
			"https://example.com/users/42?a=b":          "/users/{n}",
			"https://example.com":                       "/",
			"?a=b":                                      "/",
			"/users/{id}/:name/*/{rest...}":             "/users/{id}/:name/*/{rest...}",
			"/{" + long + "}":                           "/{id}",
			"/{1}/:1":                                   "/{id}/{id}",
			"/" + long:                                  "/{id}",
			"/1/2/3/4/5/6/7/8/9/10":                     "/{n}/{n}/{n}/{n}/{n}/{n}/{n}/{n}/*",
			"/a\nb":                                     "/{id}",
			"/api/v1/observer/.well-known/robots.txt/a_b~c/": "/api/v1/observer/.well-known/robots.txt/a_b~c/",
		}},
		"models": {models(t), map[string]string{
			"gpt-4o": "gpt-4o", "gpt-4o-2024-08-06": "gpt-4o", "OpenAI/GPT-4o-2024-08-06": "gpt-4o", "gpt-4-0613": "gpt-4",
			"gpt-4o-latest": "gpt-4o", "models/gpt-4o-mini-preview": "gpt-4o-mini", "gpt-4-turbo": "other", "gpt-4o-2024-08-06:ft:me": "gpt-4o",
			"claude-3-5-sonnet-20241022": "claude-3.5-sonnet", "claude-3-5-sonnet@20240620": "claude-3.5-sonnet", "claude-3.5-sonnet": "claude-3.5-sonnet",
			"text-embedding-3-small": "embedding", "o1-preview": "o1", "unheard-of": "other", long: "other", "/": "other", "-latest": "other",
		}},
		"chain":    {Chain(MaxLength(6), Printable()), map[string]string{"a\nb": "a_b", "1234567": "123…"}},
		"nothing":  {Chain(), map[string]string{"a\nb": "a\nb"}},
		"identity": {Normaliser{}, map[string]string{"a\nb": "a\nb"}},
		"own":      {Of(strings.ToLower), map[string]string{"ABC": "abc", "Other": "other"}},
	} {
		for in, want := range test.cases {
			if got := test.normaliser.Apply(in); got != want {
				t.Errorf("%s: %.60q becomes %q, want %q", name, in, got, want)
			}
			if got := test.normaliser.Apply(want); got != want {
				t.Errorf("%s: %q, which came from %.60q, becomes %q", name, want, in, got)
			}
		}
		for _, reserved := range []string{"", policy.Overflow, policy.Unknown, policy.Other} {
			if got := test.normaliser.Apply(reserved); got != reserved {
				t.Errorf("%s: the reserved value %q becomes %q", name, reserved, got)
			}
		}
	}
}

func TestFiniteOnesSaySo(t *testing.T) {
	for name, test := range map[string]struct {
		normaliser Normaliser
		want       int
	}{
		"enum": {Enum("a", "b", "b"), 2}, "empty enum": {Enum(), 1}, "status": {StatusClass(), 5}, "models": {models(t), 6},
		"route": {Route(), 0}, "length": {MaxLength(9), 0}, "chain": {Chain(Printable(), Enum("a")), 1}, "none": {Normaliser{}, 0},
	} {
		if got := test.normaliser.Values(); got != test.want {
			t.Errorf("%s has %d values, want %d", name, got, test.want)
		}
		if met := test.normaliser.Condition() == policy.Normalised; met != (test.want > 0) {
			t.Errorf("%s meets the condition of a finite set: %v", name, met)
		}
	}
}

func TestInvalidModels(t *testing.T) {
	for want, names := range map[string]map[string]string{
		`model "a" maps to nothing`:  {"a": ""},
		"without its version":        {"a-2024-01-01": "x", "a": "y"},
		"more than 96 bytes":         {strings.Repeat("a", maxModel+1): "x"},
		"no name left":               {"/": "x"},
		`value "a" is also a name`:   {"b": "a", "a": "c"},
		`value "A-exp" is also a na`: {"b": "A-exp", "a": "c"},
	} {
		if _, err := Models(names); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", names, err, want)
		}
	}
}

func TestCommonPathDoesNotAllocate(t *testing.T) {
	for name, test := range map[string]struct {
		normaliser Normaliser
		value      string
	}{
		"enum": {Enum("a"), "b"}, "status": {StatusClass(), "200"}, "length": {MaxLength(8), "short"},
		"printable": {Printable(), "plain Größe"}, "route": {Route(), "/api/v1/users/{id}"}, "route of a query": {Route(), "/users?id=1"},
		"models": {models(t), "OpenAI/GPT-4o-2024-08-06"}, "chain": {Chain(MaxLength(8), Printable()), "a"},
	} {
		if n := testing.AllocsPerRun(100, func() { test.normaliser.Apply(test.value) }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
