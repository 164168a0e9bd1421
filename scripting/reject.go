package scripting

func reject() Function {
	return Function{
		Name: "reject",
		Doc:  "Ends a call that is not answered with a final response. The script ends here.",
		Params: []Param{
			{Name: "code", Type: Integer, Default: 486, Min: 400, Max: 699, Doc: "the response"},
			{Name: "reason", Type: Text, Doc: "its phrase, when not the usual one"},
			headersOption(),
		},
		Example: `call:reject(404)`,
		Ends:    true,
		run: func(r *run, a *arguments) int {
			r.mustNotBeAnswered(a)
			reason := arg[string](a, "reason")
			return r.end(a, r.call.Reject(arg[int](a, "code"), reason, r.withHeaders(arg[[]Header](a, "headers"))))
		},
	}
}

func redirect() Function {
	return Function{
		Name: "redirect",
		Doc:  "Ends a call that is not answered by naming other places to try (3xx). The script ends here.",
		Params: []Param{
			{Name: "uri", Type: Texts, Required: true, Doc: "a SIP URI, or a list of them in order of preference"},
		},
		Options: []Param{
			{Name: "code", Type: Integer, Default: 302, Min: 300, Max: 399, Doc: "the response"},
			headersOption(),
		},
		Example: `call:redirect("sip:200@192.0.2.7")`,
		Ends:    true,
		run: func(r *run, a *arguments) int {
			r.mustNotBeAnswered(a)
			return r.end(a, r.call.Redirect(arg[[]string](a, "uri"), arg[int](a, "code"), r.withHeaders(arg[[]Header](a, "headers"))))
		},
	}
}

func hangup() Function {
	return Function{
		Name: "hangup",
		Doc:  "Ends the call: BYE if it is answered, else 480. The script ends here.",
		Options: []Param{
			{Name: "reason", Type: Text, Doc: "text of the Reason header field (RFC 3326)"},
			{Name: "q850", Type: Integer, Default: causeNormal, Min: 1, Max: 127, Doc: "cause of the Reason header field (ITU-T Q.850)"},
			headersOption(),
		},
		Example: `call:hangup{ q850 = 17 }`,
		Ends:    true,
		run: func(r *run, a *arguments) int {
			return r.end(a, r.call.Hangup(HangupOptions{
				Reason:  arg[string](a, "reason"),
				Q850:    arg[int](a, "q850"),
				Headers: r.withHeaders(arg[[]Header](a, "headers")),
			}))
		},
	}
}

func (r *run) mustNotBeAnswered(a *arguments) {
	if r.call.State() == StateAnswered {
		r.raise(a, errAnswered)
	}
}

func (r *run) mustBeAnswered(a *arguments) {
	switch r.call.State() {
	case StateAnswered:
	case StateEnded:
		r.unwind(a.LState)
	default:
		r.raise(a, errNotAnswered)
	}
}

// end unwinds the script once the call was ended; err is what that gave.
func (r *run) end(a *arguments, err error) int {
	if err != nil {
		r.refused(a, err)
	}
	r.finished = true
	r.unwind(a.LState)
	return 0
}
