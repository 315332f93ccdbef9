package push

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

// FuzzGroup holds that any labels can be put into a path and are read as they
// were, in both spellings, and that no path gives a group without a job.
func FuzzGroup(f *testing.F) {
	f.Add("job/a/instance/b", "start=1700000000.5", "a", "zone", "b/c")
	f.Add("job@base64/YS9i/x@base64/", "start=NaN", "/", "é", "")
	f.Add("//job//", "start=9223372036.9", "", "job", "%")
	f.Add("job/%zz", "start=%zz", "%2F", "@base64", "\xff")
	f.Fuzz(func(t *testing.T, path, rawQuery, job, label, value string) {
		query, _ := url.ParseQuery(rawQuery) // as a request's URL reads it
		g, err := ParseGroup(path, query)
		switch {
		case err != nil && !errors.Is(err, ErrMalformed):
			t.Fatalf("%q: an error of no kind: %v", path, err)
		case err == nil && (labelOf(g, "job") == "" || g.Start < 0):
			t.Fatalf("%q?%s: %+v", path, rawQuery, g)
		}
		if job == "" || label == "" || label == "job" || strings.HasSuffix(label, base64Suffix) {
			return // not a group, or another spelling
		}
		encoded := "job@base64/" + base64.RawURLEncoding.EncodeToString([]byte(job)) + "/" +
			url.PathEscape(label) + "@base64/" + cmp.Or(base64.URLEncoding.EncodeToString([]byte(value)), "=")
		paths := []string{encoded}
		if value != "" {
			paths = append(paths, "job/"+url.PathEscape(job)+"/"+url.PathEscape(label)+"/"+url.PathEscape(value))
		}
		for _, p := range paths {
			g, err := ParseGroup(p, nil)
			if err != nil || labelOf(g, "job") != job || labelOf(g, label) != value || len(g.Labels) != 2 {
				t.Fatalf("%q is read as %+v, %v", p, g, err)
			}
		}
	})
}

func labelOf(g Group, name string) string {
	i := slices.IndexFunc(g.Labels, func(l metric.Label) bool { return l.Name == name })
	if i < 0 {
		return ""
	}
	return g.Labels[i].Value
}
