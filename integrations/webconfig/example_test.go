package webconfig_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/integrations/webconfig"
)

// A file with one user, whose password is "correct horse".
func Example() {
	dir, err := os.MkdirTemp("", "webconfig")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "web.yml")
	content := "basic_auth_users:\n  prometheus: " + hashed + "\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	security, err := webconfig.Load(file, webconfig.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{Listen: "127.0.0.1:0", Security: security})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())

	for _, password := range []string{"wrong", "correct horse"} {
		status, _, err := get(nil, "http://"+rt.Addr().String()+"/metrics", "prometheus", password)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(http.StatusText(status))
	}
	// Output:
	// Unauthorized
	// OK
}

// Profiles are for this machine only, unless those who pass the guard may see
// them from elsewhere too.
func ExampleLoad() {
	security, err := webconfig.Load("/etc/checkout/web.yml", webconfig.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	security.RemoteProfiling = true
	rt, err := metertree.Start(context.Background(), metertree.Config{Profiling: true, Security: security})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())
}
