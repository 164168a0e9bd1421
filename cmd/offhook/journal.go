package main

import (
	"strings"

	"offhook/core"
	"offhook/core/console"
	"offhook/core/journal"
	"offhook/scripting"
)

// This file is where scripts meet the journal of their calls.

// observer tells the journal what scripts do in calls.
func observer(s *journal.Store) func(scripting.Observation) {
	if s == nil {
		return nil
	}
	return func(o scripting.Observation) { observe(s.Journal(o.Call), o) }
}

func observe(j *journal.Journal, o scripting.Observation) {
	switch o.Kind {
	case scripting.ObservedVerb:
		j.Note(journal.KindVerb, o.At, o.Text)
	case scripting.ObservedReturn:
		j.Return(o.At, o.Text, o.Took)
	case scripting.ObservedLog:
		j.Note(journal.KindLog, o.At, o.Text)
	case scripting.ObservedMark:
		j.Mark(o.At, o.Name, o.Data)
	case scripting.ObservedCheck:
		j.Note(journal.KindCheck, o.At, o.Text)
	case scripting.ObservedVerdict:
		j.Note(journal.KindVerdict, o.At, o.Text)
	case scripting.ObservedFail:
		j.Note(journal.KindError, o.At, strings.TrimSpace(o.Text+"\n"+scripting.FailureOf(o.Err).Traceback))
	case scripting.ObservedSecret:
		j.Mask(true, o.Unread)
	case scripting.ObservedOpen:
		j.Mask(false, 0)
	}
}

// conclude writes into the record of a call what came of its script, as on_hangup was told.
func conclude(c *core.Call, o scripting.Outcome) {
	c.Journal().Update(func(j *journal.Call) {
		j.By, j.Code, j.Reason, j.Q850 = string(o.Ending.By), o.Ending.Code, o.Ending.Reason, o.Ending.Q850
		j.Vars = o.Vars
		if v := o.Verdict; v.Result != "" {
			j.Verdict = &journal.Verdict{Result: v.Result, Message: v.Message, Checks: v.Checks, Failed: v.Failed}
		}
		if o.Err != nil {
			f := scripting.FailureOf(o.Err)
			j.Error = &journal.ScriptError{Message: f.Message, File: f.File, Line: f.Line, Traceback: f.Traceback}
		}
	})
}

// callControl is what the control socket does with calls.
func (a *app) callControl() console.CallControl {
	return console.CallControl{Journal: a.outside.journal, Hangup: func(id string) bool {
		c := a.server.Call(id)
		if c == nil {
			return false
		}
		a.log.Info("an operator hangs up", "call", id)
		return c.Hangup(core.HangupOptions{Cause: core.ErrOperator}) == nil
	}, Trace: func(rtp journal.Capturing, id, to string) int {
		return a.server.Trace(core.TraceOptions{RTP: rtp, ID: id, To: to})
	}}
}

// serving writes into the record of a call which script serves it.
func serving(c *core.Call, script string, generation uint64) {
	if c.Journal() == nil {
		return
	}
	caller := c.CallerNumber()
	c.Journal().Update(func(j *journal.Call) { j.Script, j.Generation, j.CLI = script, generation, caller })
}
