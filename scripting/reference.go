package scripting

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// Reference describes everything that scripts can see. Registration, argument checks and did-you-mean answers are driven
// by it, and so are the reference page, the editor stubs and the static checker: what is not in it does not exist.
type Reference struct {
	Fields   []Field    // call.NAME
	Verbs    []Function // call:NAME(…)
	Modules  []Module   // MODULE.NAME(…)
	Globals  []Function // NAME(…)
	Handlers []Handler  // functions that a script defines
	Objects  []Object   // what some verbs return
	Tests    Tests      // what tests of scripts see; scripttest.NewReference fills it in
}

// Tests describes what files of tests can call besides Lua's own library.
type Tests struct {
	Globals []Function
	Objects []Object // what they get and return
}

// NewReference returns the reference of this version.
func NewReference() Reference {
	return Reference{
		Fields: fields(),
		Verbs:  verbs(),
		Modules: []Module{
			logModule(), jsonModule(), httpModule(), kvModule(), timeModule(), reModule(), metricsModule(), configModule(), envModule(),
		},
		Globals:  []Function{require(), routes()},
		Handlers: handlers(),
		Objects:  []Object{timerObject(), playbackObject(), faultObject()},
	}
}

func verbs() []Function {
	return slices.Concat(
		[]Function{ring(), progress(), answer(), reject(), redirect(), hangup()},
		[]Function{hold(), transfer()},
		[]Function{play(), tone(), silence(), start(), sleep()},
		[]Function{gather(), readDigit(), flushDigits(), sendDTMF()},
		[]Function{recording(), recordStart(), recordStop(), echo()},
		[]Function{measure(), waitTone(), waitSilence(), waitSpeech(), probeDelay()},
		[]Function{header(), headers(), setHeader()},
		[]Function{wait(), on(), after(), every(), deferred()},
		[]Function{alive(), elapsed(), limit(), mark(), stats(), impairs(), faults(), sendRaw(), check(), verdict()},
	)
}

// Function describes one function that scripts call.
type Function struct {
	Name    string
	Doc     string // first sentence for lists, then the rest
	Example string
	Params  []Param  // in order
	Options []Param  // of the option table, which is the last argument; none = takes no table
	Returns []Return // none = nothing
	Ends    bool     // the script does not go on after it
	Live    bool     // reaches out of the script: cannot be used while a file loads, which also happens to check it
	After   bool     // can be used once the call has ended, too: in on_hangup and in deferred functions

	title string                         // with what it is called on, as in errors: "call:ring"
	run   func(r *run, a *arguments) int // as a lua.LGFunction: pushes its results and returns how many
}

// Param describes a parameter or an option.
type Param struct {
	Name     string
	Type     Type
	Required bool
	Default  any      // what is taken when it is left out; nil = nothing. As the conversion of Type gives it.
	Min, Max float64  // of a Number or Integer; both 0 = any
	Unit     string   // of a Number: "Hz", "dBm0"
	Choices  []string // of a Text; none = any
	Fields   []Param  // of a Table: what it may have
	Object   string   // of a Func: the name of the Object that it is called with; "" = none
	Doc      string
}

// Return describes one result.
type Return struct {
	Name   string
	Type   Type
	Values []string // of a Text that is one of a few
	Fields []Param  // of a Table
	Object string   // the name of the Object that it is; "" = none
	Doc    string
}

// Module describes a table of functions.
type Module struct {
	Name, Doc string
	Functions []Function
	Constants []Constant
}

// Constant describes a value in a module.
type Constant struct {
	Name, Doc string

	value lua.LValue
}

// Object describes a value with methods that a verb returns.
type Object struct {
	Name, Doc string
	Methods   []Function
	Fields    []Param // read only
}

// Field describes a read-only field of the call.
type Field struct {
	Name string
	Type Type
	Doc  string

	get func(r *run) any // a Go value that toLua converts
}

// Handler describes a function that a script defines and that Offhook calls.
type Handler struct {
	Name     string
	Doc      string
	Params   []Param
	Required bool
}

// Type is the type of a parameter, a result or a field, as scripts write it.
type Type uint8

const (
	Value       Type = iota // anything
	Text                    // a string, or a number taken as one
	Number                  // a number
	Integer                 // a whole number
	Boolean                 // true or false
	Duration                // seconds as a number, or text with a unit: "200ms", "2m"
	Func                    // a function
	Table                   // a table of the script's own
	Texts                   // a string or a list of strings
	TextTable               // {name = "value"}: strings, numbers and booleans by name
	HeaderTable             // {["X-Name"] = "value" or {"value", …}}
	CodecList               // a codec name or a list of them
	Times                   // a whole number from 1 on, or true for without end
	Sound                   // a file in the sounds folder, a list of them, or a tone spec
	Sounds                  // a file in the sounds folder, or a list of them
	ToneSpec                // a frequency in Hz, a list of them, or text as in media.ParseTone
	DigitSet                // true = any digit, or text with those meant
)

// String names the type for messages and documents.
func (t Type) String() string {
	return [...]string{
		"any", "string", "number", "integer", "boolean", "duration", "function", "table", "string or list", "table of strings", "table of headers",
		"codec or list of codecs", "number or true", "sound", "sound or list of sounds", "tone", "true or digits",
	}[t]
}
