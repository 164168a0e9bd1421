package register

import "time"

// State is where a registration stands.
type State string

// The states.
const (
	Trying     State = "trying"     // never registered so far, the first attempts are under way
	Registered State = "registered" // the registrar has our binding
	Failed     State = "failed"     // it has none, and all registrars have refused or not answered
)

// Options say what is asked for. Registrars must be 1 or more.
type Options struct {
	Registrars int                     // how many there are; they are numbered from 0
	Expires    time.Duration           // asked for; 0: an hour
	Random     func() (below1 float64) // spreads the waits
}

// The waits of RFC 5626 §4.5: base and longest time between two rounds of the
// registrars, and the longest that a Retry-After is obeyed for.
const (
	baseWait       = 30 * time.Second
	longestWait    = 30 * time.Minute
	longestRetry   = time.Hour
	longestExpires = 24 * time.Hour
)

// reserve is how long before its end a binding is refreshed at the latest: time
// for one registrar that does not answer (64·T1) and for another one that does.
const reserve = 40 * time.Second

// Registration is one registration with one of several registrars.
type Registration struct {
	o         Options
	state     State
	registrar int           // in use, or to try next
	expires   time.Duration // to ask for
	raised    bool          // because of a 423 in this round
	tried     int           // registrars of this round that have failed
	rounds    int           // that failed in a row
	retry     time.Duration // the longest Retry-After of this round
	until     time.Time     // the binding is there until then
}

// New is a registration that has not been tried.
func New(o Options) *Registration {
	if o.Expires <= 0 {
		o.Expires = time.Hour
	}
	return &Registration{o: o, state: Trying, expires: o.Expires}
}

// State is where it stands now.
func (r *Registration) State(now time.Time) State {
	if r.state == Registered && !now.Before(r.until) {
		return Failed
	}
	return r.state
}

// Until is when the binding runs out; zero when there is none.
func (r *Registration) Until() time.Time { return r.until }

// Registrar is the number of the one to send to.
func (r *Registration) Registrar() int { return r.registrar }

// Expires is what to ask for.
func (r *Registration) Expires() time.Duration { return r.expires }

// Result is what came of a REGISTER.
type Result struct {
	Status     int           // of the final response; 0: none came, or it could not be sent
	Expires    time.Duration // 2xx: of our binding, as the registrar says
	MinExpires time.Duration // 423
	Retry      time.Duration // Retry-After
}

// Next takes the result of an attempt and returns how long to wait before the next.
func (r *Registration) Next(now time.Time, res Result) time.Duration {
	switch {
	case res.Status >= 200 && res.Status < 300 && res.Expires > 0:
		return r.registered(now, res.Expires)
	case res.Status == 423 && res.MinExpires > r.expires && res.MinExpires <= longestExpires && !r.raised:
		r.expires, r.raised = res.MinExpires, true
		return 0
	}
	return r.failed(now, res)
}

// registered waits until the binding has to be refreshed: at nine tenths of its time
// or with the reserve left, whichever is sooner, but not before half of it.
func (r *Registration) registered(now time.Time, expires time.Duration) time.Duration {
	expires = min(expires, longestExpires)
	r.state, r.until = Registered, now.Add(expires)
	r.raised, r.tried, r.rounds, r.retry = false, 0, 0, 0
	wait := max(expires/2, min(expires*9/10, expires-reserve))
	return wait - time.Duration(r.o.Random()*float64(wait)/10)
}

// failed goes on to the next registrar, and after a round of them waits: twice as
// long after each, half of it left to chance.
func (r *Registration) failed(now time.Time, res Result) time.Duration {
	r.raised = false
	r.retry = max(r.retry, min(res.Retry, longestRetry))
	r.registrar = (r.registrar + 1) % r.o.Registrars
	if r.tried++; r.tried < r.o.Registrars {
		return 0
	}
	if !now.Before(r.until) {
		r.state, r.until = Failed, time.Time{}
	}
	longest := longestWait
	if r.rounds < 6 { // 30 s · 2⁶ is more than the longest
		longest = min(longest, baseWait<<r.rounds)
	}
	wait := max(longest/2+time.Duration(r.o.Random()*float64(longest/2)), r.retry)
	r.rounds++
	r.tried, r.retry = 0, 0
	return wait
}
