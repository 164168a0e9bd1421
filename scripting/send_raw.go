package scripting

func sendRaw() Function {
	return Function{
		Name: "send_raw",
		Doc: "Sends text as a SIP message, as it is and once: what answers it is nobody's. Lines may end in LF; Content-Length is added when it is missing. " +
			"${via}, ${from}, ${to}, ${call-id} and ${cseq} stand for those of a response to the INVITE when the text begins with SIP/2.0, else of the next request of ours; " +
			"${uri} for what that request is sent to, ${contact} for our Contact, ${sdp} for our session description. " +
			"Only where the configuration has scripting.allow_faults = true, and in tests.",
		Params:  []Param{{Name: "text", Type: Text, Required: true}},
		Example: `call:send_raw("FOO ${uri} SIP/2.0\nVia: ${via}\nMax-Forwards: 70\nFrom: ${from}\nTo: ${to}\nCall-ID: ${call-id}\nCSeq: ${cseq}\n\n")`,
		run: func(r *run, a *arguments) int {
			if !r.engine.options.AllowFaults {
				r.raise(a, errFaultsNotAllowed)
			}
			if err := r.call.SendRaw(arg[string](a, "text")); err != nil {
				r.refused(a, err)
			}
			return 0
		},
	}
}
