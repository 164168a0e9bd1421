package scripting

import (
	"errors"
	"strings"

	"offhook/scripting/sandbox"
)

// shortestSecret is how many digits are worth hiding wherever they stand: fewer are in every other number.
const shortestSecret = 3

// hide keeps digits that gather was to keep out of the log out of what the script writes later, too: a request that it makes
// with them, say.
func (r *run) hide(digits string) {
	if len(digits) >= shortestSecret {
		r.secrets = append(r.secrets, digits, strings.Repeat("•", len(digits)))
	}
}

// hidden is text without them.
func (r *run) hidden(text string) string {
	if len(r.secrets) == 0 || text == "" {
		return text
	}
	return strings.NewReplacer(r.secrets...).Replace(text)
}

// hideIn is hidden for the message of a script's error.
func (r *run) hideIn(err error) {
	if e := (*sandbox.Error)(nil); len(r.secrets) > 0 && errors.As(err, &e) {
		e.Message, e.Traceback = r.hidden(e.Message), r.hidden(e.Traceback)
	}
}

// hiddenIn is hidden for the texts among the attributes of a log line, names included.
func (r *run) hiddenIn(attrs []any) []any {
	if len(r.secrets) == 0 {
		return attrs
	}
	all := make([]any, len(attrs))
	for i, a := range attrs {
		switch a := a.(type) {
		case string:
			all[i] = r.hidden(a)
		default:
			all[i] = a
		}
	}
	return all
}
