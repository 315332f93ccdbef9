package doctor

import "net"

func lookAtListener(f *facts) (found []Finding) {
	address := f.flags["web.listen-address"]
	host, _, err := net.SplitHostPort(address)
	if err != nil || isLoopback(host) {
		return nil
	}
	users, tokens := f.flags["web.config.file"] != "", f.flags["web.push-token-file"] != ""
	switch {
	case f.flags["web.allow-anonymous-writes"] == "true" && !users:
		found = append(found, one(Warning, "take --web.allow-anonymous-writes out, and give --web.push-token-file",
			"whoever reaches %s may write and reload", address)...)
	case tokens && !users:
		found = append(found, one(Warning, "give a certificate with --web.config.file, or put a proxy with TLS in front",
			"tokens for writing cross the network to %s in the clear", address)...)
	}
	if !users {
		found = append(found, one(Note, "give users or client certificates with --web.config.file, or let only those networks reach it that should",
			"whoever reaches %s may read everything", address)...)
	}
	return found
}
