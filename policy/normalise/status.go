package normalise

import "github.com/metertree/metertree/policy"

// StatusClass makes an HTTP status code its class, "1xx" to "5xx", and
// everything else policy.Other.
func StatusClass() Normaliser {
	return Normaliser{apply: statusClass, values: len(classes)}
}

var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

func statusClass(code string) string {
	if len(code) != 3 || code[0] < '1' || code[0] > '5' {
		return policy.Other
	}
	if digit(code[1]) && digit(code[2]) || code[1:] == "xx" {
		return classes[code[0]-'1']
	}
	return policy.Other
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
