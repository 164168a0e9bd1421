package config

import "net/url"

// validateKV checks where kv keeps its values. What is wrong with the URL is told without the URL: there may be a password in it.
func (s *Scripting) validateKV(fail report) {
	if !(s.KVTimeoutSeconds > 0 && s.KVTimeoutSeconds <= 30) {
		fail("scripting.kv_timeout_seconds", "%g is not a time-out: write more than 0 and at most 30", s.KVTimeoutSeconds)
	}
	if s.KVRedis == "" {
		return
	}
	u, err := url.Parse(s.KVRedis)
	switch {
	case err != nil:
	case (u.Scheme == "redis" || u.Scheme == "rediss") && u.Hostname() != "" && database(u.Path), u.Scheme == "unix" && u.Path != "":
		return
	}
	fail("scripting.kv_redis", `is not the URL of a Redis server: write one as "redis://user:password@host:6379/0" or "unix:///run/redis.sock"`)
}

// database tells whether the path of a URL is none, or the number of a database.
func database(path string) bool {
	if path == "" || path == "/" {
		return true
	}
	for _, c := range path[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(path) <= 4
}
