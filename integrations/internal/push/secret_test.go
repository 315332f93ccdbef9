package push_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

func TestSecrets(t *testing.T) {
	for text, header := range map[string]http.Header{
		"token s3cret, whole Bearer s3cret": {"Authorization": {"Bearer s3cret"}},
		"in Basic s3cret":                   {"Authorization": {"Basic YW5uOnMzY3JldA=="}},
		"gRPC s3cret":                       {"authorization": {"Bearer s3cret"}},
		"other s3cret":                      {"X-Key": {"other", "s3cret"}},
		"s3cret s3cretive":                  {"X-Key": {"s3cret", "s3cretive"}},
	} {
		if got := push.SecretsOf(header).Hide(text); got == text || len(push.SecretsOf(header)) == 0 {
			t.Errorf("%q is told as %q", text, got)
		} else if push.Secrets([]string{pushtest.Secret, "ive"}).Hide(got) != got {
			t.Errorf("%q is told as %q", text, got)
		}
	}
	public := http.Header{"X-Scope-Orgid": {"shop"}, "User-Agent": {"metertree"}, "X-Key": {"abc"}}
	if got := push.SecretsOf(public).Hide("metertree of shop: abcd"); got != "metertree of shop: abcd" {
		t.Errorf("what is public is told as %q", got)
	}
}

func TestBareAddress(t *testing.T) {
	u, err := url.Parse("https://ann:s3cret@host:1/path?key=s3cret#s3cret")
	if err != nil {
		t.Fatal(err)
	}
	if got := push.BareAddress(u); got != "https://host:1/path" {
		t.Errorf("the address is told as %s", got)
	}
	if got := push.QuerySecrets(u).Hide("s3cret"); got != "[hidden]" {
		t.Errorf("a query is told as %s", got)
	}
}
