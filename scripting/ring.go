package scripting

import "time"

func ring() Function {
	return Function{
		Name: "ring",
		Doc:  "Tells the caller that it rings (180). With every, again and again until the call is answered or over: some carriers give a call up that stays silent for minutes (RFC 3261 §13.3.1.1).",
		Options: []Param{
			{Name: "every", Type: Duration, Doc: "how often to repeat it"},
			headersOption(),
		},
		Example: `call:ring{ every = "60s" }`,
		run: func(r *run, a *arguments) int {
			headers := r.withHeaders(arg[[]Header](a, "headers"))
			if err := r.call.Ring(headers); err != nil {
				r.refused(a, err)
			}
			if every := arg[time.Duration](a, "every"); every > 0 {
				r.ringAgain(max(every, time.Second), headers)
			}
			return 0
		},
	}
}

// ringAgain repeats the 180 until a final response.
func (r *run) ringAgain(every time.Duration, headers []Header) {
	r.timers.cancel(&r.ringing)
	r.ringing = timer{period: every, own: func() {
		if s := r.call.State(); s != StateIncoming && s != StateEarly || r.call.Ring(headers) != nil {
			r.timers.cancel(&r.ringing)
		}
	}}
	r.timers.add(every, &r.ringing)
}

func progress() Function {
	return Function{
		Name: "progress",
		Doc:  "Sends a provisional response. After 183 there is early media: tones and files are heard before the answer.",
		Options: []Param{
			{Name: "code", Type: Integer, Default: 183, Min: 181, Max: 199, Doc: "the response"},
			headersOption(),
		},
		Example: `call:progress() call:tone(425, { duration = 2 }) call:reject(404)`,
		run: func(r *run, a *arguments) int {
			if err := r.call.Progress(arg[int](a, "code"), r.withHeaders(arg[[]Header](a, "headers"))); err != nil {
				r.refused(a, err)
			}
			return 0
		},
	}
}
