---@meta
-- Generated: offhook stubs > offhook.d.lua
-- Verbs are completed and checked where the editor knows the call: write ---@param call Call before function on_call(call).

---Seconds as a number, or text with a unit: "200ms", "2m".
---@alias duration number|string

---A call.
---@class Call
---@field id string # Our name for the call, on every log line.
---@field sip_call_id string # The Call-ID header field.
---@field from table # The caller as the From header field has it: {user, host, port, name, uri, params}.
---@field to table # The called party as the To header field has it.
---@field ruri table # The Request-URI, taken apart as from is.
---@field did string # The called number: the user part of the Request-URI, with what needs no %XX written without (RFC 3261 §19.1.4); call.ruri.user has it as it was sent.
---@field cli string # The calling number: P-Asserted-Identity, else Remote-Party-ID, else From, written as call.did is.
---@field source table # Where the INVITE came from: {ip, port, transport}.
---@field trunk string # The configured trunk that the call came in on, or nil.
---@field codec string # The codec agreed on, or nil.
---@field state string # "incoming", "early", "answered" or "ended".
---@field script string # The script that serves the call.
---@field generation integer # The generation of the scripts that the call began with.
---@field vars table # A table of the script's own that goes into the call record.
local Call = {}

---@class Call.ring.options
---@field every? duration # how often to repeat it
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}

---Tells the caller that it rings (180). With every, again and again until the call is answered or over: some carriers give a call up that stays silent for minutes (RFC 3261 §13.3.1.1).
---```lua
---call:ring{ every = "60s" }
---```
---@param options? Call.ring.options
function Call:ring(options) end

---@class Call.progress.options
---@field code? integer # the response; 181 to 199; default 183
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}

---Sends a provisional response. After 183 there is early media: tones and files are heard before the answer.
---```lua
---call:progress() call:tone(425, { duration = 2 }) call:reject(404)
---```
---@param options? Call.progress.options
function Call:progress(options) end

---@class Call.answer.options
---@field delay? duration # how long to wait before
---@field codecs? string|string[] # those allowed; the caller's order decides among them
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}
---@field wait_ack? boolean # false: go on as soon as the 200 is sent; default true

---Answers the call (200) and waits for the caller's ACK. Once answered it returns true at once.
---```lua
---if not call:answer{ delay = "500ms" } then return end
---```
---@param options? Call.answer.options
---@return boolean ok
---@return "cancelled"|"no_ack"|"no_common_codec" why # when ok is false
function Call:answer(options) end

---Ends a call that is not answered with a final response. The script ends here.
---```lua
---call:reject(404)
---```
---@param code? integer # the response; 400 to 699; default 486
---@param reason? string # its phrase, when not the usual one
---@param headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}
function Call:reject(code, reason, headers) end

---@class Call.redirect.options
---@field code? integer # the response; 300 to 399; default 302
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}

---Ends a call that is not answered by naming other places to try (3xx). The script ends here.
---```lua
---call:redirect("sip:200@192.0.2.7")
---```
---@param uri string|string[] # a SIP URI, or a list of them in order of preference
---@param options? Call.redirect.options
function Call:redirect(uri, options) end

---@class Call.hangup.options
---@field reason? string # text of the Reason header field (RFC 3326)
---@field q850? integer # cause of the Reason header field (ITU-T Q.850); 1 to 127; default 16
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}

---Ends the call: BYE if it is answered, else 480. The script ends here.
---```lua
---call:hangup{ q850 = 17 }
---```
---@param options? Call.hangup.options
function Call:hangup(options) end

---Puts the caller on hold, or takes it off, and waits for its answer: a re-INVITE with a=sendonly, or a=inactive when it holds us, and a=sendrecv (RFC 3264 §8.4). What is played meanwhile the caller hears, when it wants to.
---```lua
---if call:hold() then call:tone(425, { duration = "10s" }) call:hold(false) end
---```
---@param on? boolean # false: take it off; default true
---@return boolean ok
---@return integer code # the response; 491 while another hold has no answer
function Call:hold(on) end

---@class Call.transfer.options
---@field timeout? duration # how long the new call may take to be answered or refused; default "1m"
---@field headers? table<string, string|string[]> # header fields for the message, as {["X-Name"] = "value"}

---Asks the caller to call somebody else in place of us (REFER, RFC 3515), and waits for what it tells of that call. Our call goes on in any case: after a success the caller hangs up, or the script does.
---```lua
---local ok, code = call:transfer("sip:200@192.0.2.9", { timeout = "30s" })
---```
---@param uri string # whom to call: sip:user@host, or tel:+number
---@param options? Call.transfer.options
---@return boolean ok # whether the new call was answered
---@return integer code # the final response to the new call; the response to the REFER, when that was refused; 408 when the time is up; less than 200 when the caller told no more than that
function Call:transfer(uri, options) end

---@class Call.play.options
---@field loop? integer|boolean # how often to play the whole; true: until something else ends it; default 1
---@field from? duration # where in the whole to begin, the first time
---@field volume? number # louder, or softer when negative; -60 to 30 dB; default 0
---@field barge? string|boolean # digits that end it: true for all, or text with those meant; they are read by it
---@field max? duration # stop after so long

---@class Call.play.result
---@field status "done"|"barge"|"timeout"|"interrupted"|"stopped"|"failed" # one of "done", "barge", "timeout", "interrupted", "stopped", "failed"
---@field digit string # the one that barged in
---@field position number # how far it came; in s
---@field error string # why it failed, when the network or a server is to blame

---Plays one sound, or several one after the other without a gap, and waits for the end. WAV, MP3, Ogg Vorbis, Ogg Opus, FLAC, raw G.711 (.ul, .al) and raw G.722 (.g722) are played, of any usual sample rate, mono or stereo. A file that is missing, or is none of these, is an error; trouble of the network, or with what a server sends, raises nothing: the status is failed and error tells why.
---```lua
---call:play({ "welcome.wav", "menu.wav" }, { barge = true })
---```
---@param sound string|string[] # a file below the sounds folder, or the URL of one on a host that scripting.http_allow names, or a list of them; "recording:NAME.wav" is one that was recorded
---@param options? Call.play.options
---@return Call.play.result result
function Call:play(sound, options) end

---@class Call.tone.options
---@field duration? duration # how long; without it until the tone ends, as sweep and dtmf do, or the call ends or the tone is interrupted
---@field level? number # of each frequency, of all the noise; without it -10, and 0 for milliwatt; -60 to 3 dBm0
---@field barge? string|boolean # digits that end it: true for all, or text with those meant; they are read by it

---@class Call.tone.result
---@field status "done"|"barge"|"timeout"|"interrupted"|"stopped"|"failed" # one of "done", "barge", "timeout", "interrupted", "stopped", "failed"
---@field digit string # the one that barged in
---@field position number # how far it came; in s
---@field error string # why it failed, when the network or a server is to blame

---Plays a tone and waits for the end. Besides frequencies there are cadences ("440+480/2000,0/4000": Hz, 0 for silence, and ms, again and again; ! before a part plays it once; 400*25 is 400 Hz modulated by 25 Hz), the tones of countries ("us.busy", "uk.ring", "de.dial"; also congestion, callwaiting, info …), "milliwatt" (1004 Hz, 0 dBm0), "sweep 300-3400/10s", "noise.white", "noise.pink" and "dtmf:123#".
---```lua
---call:tone({ 350, 440 }, { duration = "2s", level = -13 })
---```
---@param spec string|number|number[] # Hz: 440, a list: {350, 440}, or text: "us.busy"
---@param options? Call.tone.options
---@return Call.tone.result result
function Call:tone(spec, options) end

---@class Call.silence.result
---@field status "done"|"barge"|"timeout"|"interrupted"|"stopped"|"failed" # one of "done", "barge", "timeout", "interrupted", "stopped", "failed"
---@field digit string # the one that barged in
---@field position number # how far it came; in s
---@field error string # why it failed, when the network or a server is to blame

---Sends silence, and waits for the end. Unlike sleep, which sends nothing.
---```lua
---call:silence("200ms")
---```
---@param duration duration
---@return Call.silence.result result
function Call:silence(duration) end

---@class Call.start.options
---@field loop? boolean # again and again; default false
---@field from? duration # where in the whole to begin, the first time
---@field volume? number # louder, or softer when negative; -60 to 30 dB; default 0

---Plays a sound or a tone in the background: the script goes on at once. A call sends one thing at a time, so that the next play, tone or start ends it, with the status interrupted.
---```lua
---local music = call:start("moh.wav", { loop = true, volume = -6 })
---```
---@param sound string|string[]|number|number[] # a file below the sounds folder, or the URL of one on a host that scripting.http_allow names, a list of them, or a tone as in call:tone
---@param options? Call.start.options
---@return Playback playback # playback:stop() ends it; nil on trouble of the network, or with what a server sent
---@return string err # what the trouble was
function Call:start(sound, options) end

---Waits. What plays in the background goes on.
---```lua
---call:sleep("500ms")
---```
---@param duration duration
function Call:sleep(duration) end

---@class Call.gather.options
---@field prompt? string|string[] # a sound as for call:play, or a list of them; trouble of the network is logged and leaves it out
---@field min? integer # fewer digits are not enough; 0 to 64; default 1
---@field max? integer # so many digits are complete; 1 to 64; default 64
---@field finish? string|boolean # digits that complete the input and are no part of it; false = none; default "#"
---@field timeout? duration # for the first digit, after the prompt; default "5s"
---@field interdigit? duration # for each further one; default "3s"
---@field tries? integer # how often to ask; 1 to 100; default 1
---@field invalid? string|string[] # played after digits that are not valid, before the next try
---@field match? string # a regular expression (RE2) that the whole input matches when it is valid
---@field sensitive? boolean # keep the digits out of the log and, as far as they are heard, out of recordings; default false
---@field barge? string|boolean # digits that end the prompt; false = none; default true

---Plays a prompt and collects digits. Digits typed ahead count, and one that is pressed ends the prompt.
---```lua
---local pin, reason = call:gather{ prompt = "pin.wav", min = 4, max = 6, tries = 3, sensitive = true }
---```
---@param options? Call.gather.options
---@return string digits # those that came, perhaps none
---@return "ok"|"timeout"|"invalid" reason
function Call:gather(options) end

---@class Call.read_digit.info
---@field duration_ms number # how long the key was down; 0 = not known
---@field via "rfc4733"|"info"|"inband" # one of "rfc4733", "info", "inband"

---Waits for one digit, or takes one that was typed ahead.
---```lua
---local digit = call:read_digit("5s")
---```
---@param timeout? duration # how long; without it until the call ends
---@return string digit # nil when none came
---@return Call.read_digit.info info
function Call:read_digit(timeout) end

---Forgets the digits that were typed ahead.
---```lua
---call:flush_digits()
---```
---@return integer count # how many there were
function Call:flush_digits() end

---@class Call.send_dtmf.options
---@field on? duration # how long each is down: 40ms to 5s; default "100ms"
---@field gap? duration # between them: 40ms to 5s; default "100ms"
---@field via? "auto"|"rfc4733"|"info"|"inband" # auto: rfc4733 if the caller takes it, else info (application/dtmf-relay); inband is sound, up to 2 minutes of it; one of "auto", "rfc4733", "info", "inband"; default "auto"

---Sends digits, and waits until they are sent: as telephone-events (RFC 4733) in place of what plays, one by one in INFO requests, or as sound, also in place of what plays.
---```lua
---call:send_dtmf("12w#", { on = "80ms" })
---```
---@param digits string # 0-9, *, #, A-D; w is a pause of half a second
---@param options? Call.send_dtmf.options
---@return boolean ok
---@return "no_telephone_event"|"interrupted"|"refused" why # when ok is false: the caller takes none, something else was played, or it refused an INFO
function Call:send_dtmf(digits, options) end

---@class Call.record.options
---@field max? duration # the longest recording; without it until something else ends it
---@field silence? duration # end it after so much silence
---@field threshold? number # what is softer is silence; -80 to 0 dBm0; default -45
---@field finish? string|boolean # digits that end it; false = none; default "#"
---@field beep? boolean # sound a tone of 1000 Hz for 200 ms before; default false
---@field trim? boolean # leave out the silence at both ends; default false

---@class Call.record.recording
---@field path string # below the recordings folder; nil when there is no file
---@field seconds number
---@field bytes integer
---@field reason "stopped"|"digit"|"max"|"silence"|"interrupted"|"hangup"|"disk_full"|"slow_disk"|"failed" # one of "stopped", "digit", "max", "silence", "interrupted", "hangup", "disk_full", "slow_disk", "failed"
---@field digit string # the one that ended it

---Records what the caller says to a WAV file, and waits for the end of it. Lost packets are concealed. Until it ends the file has another name; when the caller hangs up it is finished, and on_hangup finds it in info.recordings.
---```lua
---local message = call:record("messages/" .. call.id .. ".wav", { max = "2m", silence = "5s", beep = true })
---```
---@param path string # NAME.wav below the recordings folder; a file of that name is replaced
---@param options? Call.record.options
---@return Call.record.recording recording
function Call:record(path, options) end

---@class Call.record_start.options
---@field stereo? boolean # the caller on the left, we on the right; otherwise both on one channel; default false

---Records the call in the background, both sides, until record_stop or its end. While gather collects sensitive digits it records silence.
---```lua
---call:record_start("calls/" .. call.id .. ".wav", { stereo = true })
---```
---@param path string # NAME.wav below the recordings folder; a file of that name is replaced
---@param options? Call.record_start.options
function Call:record_start(path, options) end

---@class Call.record_stop.recording
---@field path string # below the recordings folder; nil when there is no file
---@field seconds number
---@field bytes integer
---@field reason "stopped"|"digit"|"max"|"silence"|"interrupted"|"hangup"|"disk_full"|"slow_disk"|"failed" # one of "stopped", "digit", "max", "silence", "interrupted", "hangup", "disk_full", "slow_disk", "failed"

---Ends what record_start began, and waits until the file is finished.
---```lua
---local recording = call:record_stop()
---```
---@return Call.record_stop.recording recording # nil when nothing was recorded
function Call:record_stop() end

---@class Call.echo.options
---@field delay? duration # how long to hold it back, on top of the jitter buffer's 40 ms and more; up to 10s
---@field max? duration # end it after so long; without it until something else does
---@field finish? string|boolean # digits that end it; false = none; default "#"

---@class Call.echo.result
---@field status "done"|"digit"|"interrupted"|"failed" # one of "done", "digit", "interrupted", "failed"
---@field digit string # the one that ended it
---@field seconds number # how long it went on

---Sends back what the caller says, and waits for the end. Lost packets are concealed.
---```lua
---local result = call:echo{ delay = "500ms", max = "1m" }
---```
---@param options? Call.echo.options
---@return Call.echo.result result
function Call:echo(options) end

---@class Call.measure.options
---@field duration? duration # how long to listen; default "5s"
---@field threshold? number # what is softer is silence; -80 to 0 dBm0; default -55

---@class Call.measure.measured
---@field rms_dbov number # the level of all; -96 when there was nothing but silence
---@field peak_dbov number # the largest sample
---@field dominant_hz number # the frequency of the longest tone; nil when there was none
---@field level_dbm0 number # the level of that tone
---@field snr_db number # that tone with all else against all else
---@field silence_pct number
---@field clipped_pct number # samples at full scale

---Measures what the caller says, or what a far end plays, for a while. Lost packets are concealed first.
---```lua
---local heard = call:measure{ duration = "10s" } call:check(heard.snr_db and heard.snr_db > 30, "noise")
---```
---@param options? Call.measure.options
---@return Call.measure.measured measured
function Call:measure(options) end

---@class Call.wait_tone.options
---@field timeout? duration # how long to wait; without it until the call ends
---@field min? duration # how long it must last; default "100ms"
---@field level? number # of each frequency, at least; -60 to 3 dBm0; default -40

---@class Call.wait_tone.tone
---@field hz number # the first frequency, as measured
---@field ms number # how long it lasted until now
---@field level number # of the weakest frequency; in dBm0
---@field at number # when it began, from the start of the verb; in s

---Waits until a tone is heard. Each frequency may be off by 8 Hz.
---```lua
---local tone = call:wait_tone({ 350, 440 }, { timeout = "5s", min = "300ms" })
---```
---@param spec string|number|number[] # Hz: 440, a list of frequencies that sound together: {350, 440}, or a tone as in call:tone: "us.busy"; of a cadence any part will do
---@param options? Call.wait_tone.options
---@return Call.wait_tone.tone tone # nil when none came
---@return "timeout" why
function Call:wait_tone(spec, options) end

---@class Call.wait_silence.options
---@field timeout? duration # how long to wait; without it until the call ends
---@field threshold? number # what is softer is silence; -80 to 0 dBm0; default -45

---Waits until it is silent for so long.
---```lua
---call:wait_silence("2s", { timeout = "1m" })
---```
---@param duration duration
---@param options? Call.wait_silence.options
---@return number seconds # how long it took; nil when it did not come
function Call:wait_silence(duration, options) end

---@class Call.wait_speech.options
---@field timeout? duration # how long to wait; without it until the call ends
---@field threshold? number # what is softer is silence; -80 to 0 dBm0; default -45

---Waits until so much is heard, speech or any other sound, with pauses of up to 300 ms in it.
---```lua
---if not call:wait_speech("500ms", { timeout = "10s" }) then call:hangup() end
---```
---@param duration duration
---@param options? Call.wait_speech.options
---@return number seconds # how long it took; nil when it did not come
function Call:wait_speech(duration, options) end

---@class Call.probe_delay.options
---@field timeout? duration # how long to wait for it; default "3s"

---Measures the round trip through a far end that echoes: plays a short chirp and waits until it comes back.
---```lua
---local ms = call:probe_delay()
---```
---@param options? Call.probe_delay.options
---@return number ms # nil when nothing came back
function Call:probe_delay(options) end

---The value of a header field of the INVITE. The name may be in any case.
---```lua
---local agent = call:header("User-Agent")
---```
---@param name string # as "User-Agent"
---@param nth? integer # which one, when there are several; 1 to 1000; default 1
---@return string value # nil when there is none
function Call:header(name, nth) end

---All values of a header field of the INVITE, in order.
---```lua
---for _, via in ipairs(call:headers("Via")) do log.info(via) end
---```
---@param name string # as "Via", in any case
---@return table values # a list, empty when there is none
function Call:headers(name) end

---Puts a header field on the next message that we send for this call. Several calls with one name send several.
---```lua
---call:set_header("X-Account", "4711")
---```
---@param name string # as "X-Account"
---@param value string
function Call:set_header(name, value) end

---Waits for one of several events. "hangup" is none that it returns: the script unwinds when the call ends.
---```lua
---local ev = call:wait({ "dtmf", "info" }, "30s")
---```
---@param names string|string[] # one or more of dtmf, hold, resume, info, message, media_timeout, tone, hangup
---@param timeout? duration # how long; without it until the call ends
---@return table event # as call:on gives it; nil when the time is up
function Call:wait(names, timeout) end

---Calls a function for each event of a name, as long as the call lasts or until the function that it returns is called. From the first that asks for tone on, here or in call:wait, the call listens for steady tones of one frequency: each is one event, told when it has sounded for some 100 ms, and not again until it ended or changed. Speech and keys are none; for a tone of two frequencies write call:wait_tone.
---```lua
---local remove = call:on("dtmf", function(ev) log.info(ev.digit) end)
---```
---@param name "dtmf"|"hold"|"resume"|"info"|"message"|"media_timeout"|"tone" # one of "dtmf", "hold", "resume", "info", "message", "media_timeout", "tone"
---@param fn function # gets the event: {name, digit, …}, of a tone {name, hz, level, ms}, with dBm0 and how long it has lasted
---@return function remove
function Call:on(name, fn) end

---Calls a function once after a time, while the script waits in a verb or after on_call has returned.
---```lua
---local patience = call:after("20s", function() call:hangup() end)
---```
---@param duration duration
---@param fn function
---@return Timer timer # timer:cancel() ends it
function Call:after(duration, fn) end

---Calls a function again and again, at fixed times from now on.
---```lua
---call:every("10s", function() log.info("still here") end)
---```
---@param duration duration # 10 ms at least
---@param fn function
---@return Timer timer # timer:cancel() ends it
function Call:every(duration, fn) end

---Calls a function when the call has ended, before on_hangup: the last one deferred first.
---```lua
---call:defer(function() log.info("over") end)
---```
---@param fn function
function Call:defer(fn) end

---Tells whether the call has not ended.
---```lua
---if call:alive() then log.info("still here") end
---```
---@return boolean alive
function Call:alive() end

---How long ago the call came in.
---```lua
---log.info("waited", { seconds = call:elapsed() })
---```
---@return number seconds
function Call:elapsed() end

---Ends the call after a time from now, whatever the script does then. A later limit replaces an earlier one.
---```lua
---call:limit("2m")
---```
---@param duration duration
function Call:limit(duration) end

---Notes a moment of the call, in the log.
---```lua
---call:mark("menu", { choice = digit })
---```
---@param name string
---@param data? table # strings, numbers and booleans by name
function Call:mark(name, data) end

---@class Call.stats.stats.rx
---@field packets? integer
---@field bytes? integer # of sound, without headers
---@field lost? integer
---@field late? integer # too late to be heard, while call records, echoes or listens
---@field loss_pct? number
---@field jitter_ms? number

---@class Call.stats.stats.tx
---@field packets? integer
---@field bytes? integer # of sound, without headers

---@class Call.stats.stats.quality
---@field r? number # the rating factor, 0 to 93.2
---@field delay_ms? number # one way: half the round trip, twice the jitter and 20 ms
---@field loss_pct? number
---@field burst? number # 1 when losses are random, more when they come in bursts

---@class Call.stats.stats
---@field rx Call.stats.stats.rx # received
---@field tx Call.stats.stats.tx # sent
---@field rtt_ms number # the round trip, when the far end sends RTCP
---@field mos number # how good it sounds, 1 to 4.5, estimated from loss and delay (ITU-T G.107); nil when nothing was received
---@field quality Call.stats.stats.quality # what mos is made of
---@field srtp string # the crypto suite (RFC 4568); nil for plain RTP
---@field codec string # nil before there is one
---@field remote string # the address that RTP is sent to

---Returns what was sent and received so far, by RTP and RTCP (RFC 3550).
---```lua
---local stats = call:stats() log.info("heard", { lost = stats.rx.lost, mos = stats.mos })
---```
---@return Call.stats.stats stats
function Call:stats() end

---@class Call.impair.options
---@field loss? number # packets that are lost; 0 to 100 %; default 0
---@field burst? number # mean length of a run of lost packets; 1 = losses are independent; 1 to 1000 packets; default 1
---@field dup? number # packets that come twice; 0 to 100 %; default 0
---@field reorder? number # packets that the next one overtakes; 0 to 100 %; default 0
---@field delay? duration # of every packet; default "0s"
---@field jitter? duration # mean difference between the delays of two packets, as the far end measures it (RFC 3550). Delays are up to three times that, and overtake nobody: beyond a third of the ptime packets come in bunches and less is measured; default "0s"
---@field seed? integer # the same seed gives the same pattern; default 0

---Sends RTP as over a bad network from now on. Each call replaces what was before; without options the network is good again. Only where the configuration has scripting.allow_impair = true.
---```lua
---call:impair{ loss = 5, burst = 3, jitter = "10ms", seed = 1 }
---```
---@param options? Call.impair.options
function Call:impair(options) end

---@class Call.fault.options
---@field on? string # which of the messages that we send
---@field ignore? string # which of those that come are taken as if they had not
---@field skip? integer # so many are left as they are before the first one; 0 to 1000; default 0
---@field times? integer|boolean # so many go wrong; without it, all
---@field drop? boolean # it does not leave; default false
---@field delay? duration # it leaves later, by a minute at most; default "0s"
---@field dup? integer # it leaves so many times more; 0 to 10; default 0
---@field also? boolean # it leaves as it is, and what the other options make of it is one more message; default false
---@field status? string # a response says this instead: "486" or "486 Busy Here"
---@field set? table<string, string|number|boolean> # header fields, in place of those of the name
---@field remove? string|string[] # names of header fields that are taken out
---@field add? table<string, string|number|boolean> # header fields that come at the end
---@field body? string # in place of the body; Content-Length follows it, unless set or remove names that

---Has SIP messages of the call go wrong from now on, to test what is at the other end. Either on or ignore says which: a status ("180"), one with the method it answers ("200 BYE"), or the method of a request ("BYE"). Copies count as messages of their own. The call itself goes on as if all were well: what is dropped counts as sent, so that it is repeated when it is due, and what is ignored has not come. It works until the last copy after the end of the call; several faults work one after the other. In set, add and body ${NAME} stands for a header field of the message as it was, ${body} for its body, ${sdp} for our session description. Only where the configuration has scripting.allow_faults = true, and in tests.
---```lua
---call:fault{ on = "200 INVITE", also = true, times = 1, delay = "200ms", status = "486" }
---```
---@param options? Call.fault.options
---@return Fault fault # fault:cancel() ends it
function Call:fault(options) end

---Sends text as a SIP message, as it is and once: what answers it is nobody's. Lines may end in LF; Content-Length is added when it is missing. ${via}, ${from}, ${to}, ${call-id} and ${cseq} stand for those of a response to the INVITE when the text begins with SIP/2.0, else of the next request of ours; ${uri} for what that request is sent to, ${contact} for our Contact, ${sdp} for our session description. Only where the configuration has scripting.allow_faults = true, and in tests.
---```lua
---call:send_raw("FOO ${uri} SIP/2.0\nVia: ${via}\nMax-Forwards: 70\nFrom: ${from}\nTo: ${to}\nCall-ID: ${call-id}\nCSeq: ${cseq}\n\n")
---```
---@param text string
function Call:send_raw(text) end

---Notes whether something is as it should be. When it is not, the verdict on the call is fail; the script goes on.
---```lua
---call:check(call.codec == "PCMA", "PCMA is preferred")
---```
---@param condition? any
---@param message? string # what should be
---@return any condition # as given
function Call:check(condition, message) end

---Says whether the call was as it should be, for the record. A fail, also of call:check, stays one.
---```lua
---call:verdict("pass", "heard the tone")
---```
---@param result "pass"|"fail" # one of "pass", "fail"
---@param message? string
function Call:verdict(result, message) end

---A timer of call:after or call:every.
---@class Timer
local Timer = {}

---Ends the timer; it does nothing when it has run.
---```lua
---local timer = call:after(1, print) timer:cancel()
---```
function Timer:cancel() end

---What call:start plays in the background.
---@class Playback
local Playback = {}

---Ends it; it does nothing when it has ended.
---```lua
---playback:stop()
---```
function Playback:stop() end

---Sends nothing until resume.
---```lua
---playback:pause()
---```
function Playback:pause() end

---Goes on where pause stopped.
---```lua
---playback:resume()
---```
function Playback:resume() end

---Makes it louder or softer from now on, as the option volume of start does from the beginning: 0 is the sound as it is.
---```lua
---playback:volume(-20)
---```
---@param volume number # -60 to 30 dB
function Playback:volume(volume) end

---How far into the sound it came.
---```lua
---local seconds = playback:position()
---```
---@return number seconds
function Playback:position() end

---@class Playback.wait.result
---@field status "done"|"barge"|"timeout"|"interrupted"|"stopped"|"failed" # one of "done", "barge", "timeout", "interrupted", "stopped", "failed"
---@field digit string # the one that barged in
---@field position number # how far it came; in s
---@field error string # why it failed, when the network or a server is to blame

---Waits for the end.
---```lua
---playback:wait("10s")
---```
---@param timeout? duration # how long; without it until the end
---@return Playback.wait.result result
function Playback:wait(timeout) end

---What goes wrong by call:fault.
---@class Fault
local Fault = {}

---Ends it. What is delayed already leaves all the same.
---```lua
---fault:cancel()
---```
function Fault:cancel() end

---How many messages have gone wrong by it.
---```lua
---local n = fault:count()
---```
---@return integer messages
function Fault:count() end

---A test at work.
---@class T
local T = {}

---@class T.call.options
---@field to? string # who is called: the user part; default "test"
---@field from? string # who calls: the user part; default "caller"
---@field name? string # the display name of the caller
---@field headers? table<string, string|string[]> # more header fields of the INVITE
---@field codecs? string|string[] # what is offered; without it, all there are
---@field dtmf? boolean # false: offers no telephone-event, so that digits come as sound or INFO; default true
---@field transfer? integer # what the caller tells of the new call, when it is transferred; 200 to 699; default 200
---@field trunk? string # the name of the [[trunk]] that it comes in on, as call.trunk has it; without it none
---@field script? string # which script gets the call; without it NAME, in NAME_test.lua

---Places a call: the INVITE is with the server when it returns.
---```lua
---local c = t:call{ to = "100", headers = { ["X-Test"] = "1" }, codecs = { "PCMA" } }
---```
---@param options? T.call.options
---@return C c
function T:call(options) end

---Expects two values to be equal; tables are when what is in them is.
---```lua
---t:eq(c.record.by, "script")
---```
---@param got? any
---@param want? any
function T:eq(got, want) end

---Sets what config.get gives to the scripts, for this test.
---```lua
---t:set_config("auto_answer", false)
---```
---@param key string
---@param value? any
function T:set_config(key, value) end

---Sets the wall clock of the scripts, which goes on from there. Without it a test begins at 2000-01-01 00:00 UTC.
---```lua
---t:set_time("2026-01-05 08:00", "Europe/Berlin")
---```
---@param time string # as "2026-01-05 08:00" or "2026-01-05 08:00:30"
---@param zone? string # as "Europe/Berlin"; default "UTC"
function T:set_time(time, zone) end

---@class T.stub_http.options
---@field status? integer # 100 to 599; default 200
---@field body? string # default ""
---@field json? any # the body as a value
---@field headers? table<string, string|string[]>
---@field delay? duration # how long it takes
---@field error? string # the network fails, with this text

---Says what http.get and http.post of the scripts get for some URLs. The latest that fits counts; what has no stub is an error.
---```lua
---t:stub_http("https://api.example.com/*", { json = { name = "Ann" }, delay = "200ms" })
---```
---@param pattern string # all of the URL, with * for anything, and a method before it if it matters: "POST https://api.example.com/*"
---@param options? T.stub_http.options
function T:stub_http(pattern, options) end

---@class C.record
---@field by? "caller"|"cancel"|"script"|"limit"|"media_timeout"|"error"|"shutdown"|"no_ack" # one of "caller", "cancel", "script", "limit", "media_timeout", "error", "shutdown", "no_ack"
---@field code? integer # the final response to the INVITE
---@field reason? string
---@field q850? integer
---@field seconds? number # from the answer to the end
---@field script? string # that served it
---@field vars? table # call.vars
---@field verdict? string # "pass", "fail" or ""
---@field error? string # the first error of the script; a test that does not look at the record fails with it

---A call as its caller sees it.
---@class C
---@field record C.record # how the call ended, once it has
---@field codec string # the codec agreed on, or nil
local C = {}

---Expects a response to the INVITE, after those expected before. Others may come in between, but no final one.
---```lua
---c:expect_status(200, "1s")
---```
---@param code integer # 100 to 699
---@param within? duration # how long to wait for it; without it, it must have happened by now
---@return string reason # its phrase
function C:expect_status(code, within) end

---@class C.expect_tone.options
---@field level? number # of each frequency, ±0.5 dB; -60 to 4 dBm0

---Expects to hear a tone, or several at once, that begins in time. It returns when 128 ms of it were heard.
---```lua
---c:expect_tone(440, "100ms", { level = -10 })
---```
---@param hz string|number|number[] # 440, or a list: {350, 440}; ±1 Hz
---@param within? duration # how long to wait for it; without it, it must have happened by now
---@param options? C.expect_tone.options
function C:expect_tone(hz, within, options) end

---Expects the script to begin to play a sound file, after those expected before. The files of a list begin together.
---```lua
---c:expect_play("welcome.wav", "100ms")
---```
---@param name string # as the script writes it
---@param within? duration # how long to wait for it; without it, it must have happened by now
function C:expect_play(name, within) end

---Expects the script to log a line that contains a text, after those expected before. Fields are written name=value.
---```lua
---c:expect_log("digit=5")
---```
---@param text string
---@param within? duration # how long to wait for it; without it, it must have happened by now
function C:expect_log(text, within) end

---Expects the script to send keys (RFC 4733), and no others, after those expected before. A key has come when it is up again.
---```lua
---c:expect_dtmf("12#", "1s")
---```
---@param digits string|boolean
---@param within? duration # how long to wait for it; without it, it must have happened by now
function C:expect_dtmf(digits, within) end

---Expects the server to hang up.
---```lua
---c:expect_bye("2s")
---```
---@param within? duration # how long to wait for it; without it, it must have happened by now
function C:expect_bye(within) end

---Expects the server to ask for a transfer (REFER), after those expected before. The caller takes it, and tells the outcome at once.
---```lua
---t:eq(c:expect_transfer("1s"), "sip:200@192.0.2.9")
---```
---@param within? duration # how long to wait for it; without it, it must have happened by now
---@return string uri # whom to call
function C:expect_transfer(within) end

---@class C.hear.sound
---@field kind "tone"|"silence"|"sound"|"nothing" # nothing: no RTP comes; one of "tone", "silence", "sound", "nothing"
---@field hz table # of a tone: its frequencies, from the lowest
---@field level number # of a tone: of its strongest frequency; in dBm0

---Tells what is heard now, from the last 128 ms.
---```lua
---t:eq(c:hear().kind, "silence")
---```
---@return C.hear.sound sound
function C:hear() end

---Tells all tones of 100 ms and more that were heard so far, of one frequency each.
---```lua
---t:eq(#c:heard(), 1)
---```
---@return table tones # a list of {hz, level, start, seconds, missing}; start is since the first RTP packet
function C:heard() end

---Returns a header field of the last message that came from the server, nil if it has none.
---```lua
---t:eq(c:header("Contact"), "<sip:200@192.0.2.9>")
---```
---@param name string
---@return string value
function C:header(name) end

---Lets time pass.
---```lua
---c:advance("29s")
---```
---@param duration duration
function C:advance(duration) end

---@class C.dtmf.options
---@field on? duration # how long each is down; 100 ms
---@field gap? duration # after each; 100 ms

---Presses keys (RFC 4733), and returns when that is done.
---```lua
---c:dtmf("123#")
---```
---@param digits string|boolean
---@param options? C.dtmf.options
function C:dtmf(digits, options) end

---@class C.speak.options
---@field duration? duration # of a tone or of silence; a tone that ends by itself, as dtmf does, needs none
---@field level? number # of a tone; -60 to 3 dBm0; default -10
---@field wait? boolean # false: returns at once, and speaks meanwhile; default true

---Sends a sound file or a tone, and returns when that is done.
---```lua
---c:speak(1004, { duration = "2s", level = 0 })
---```
---@param sound any # a sound file below the sounds folder, Hz: 440, {350, 440}, 0 for silence, or a tone as in call:tone: "us.busy", "dtmf:123#"
---@param options? C.speak.options
function C:speak(sound, options) end

---Hangs up: BYE, or CANCEL when nobody has answered.
---```lua
---c:hangup()
---```
function C:hangup() end

---Sends CANCEL.
---```lua
---c:cancel()
---```
function C:cancel() end

---Puts the server on hold, with a re-INVITE.
---```lua
---c:hold()
---```
function C:hold() end

---Takes the server off hold.
---```lua
---c:resume()
---```
function C:resume() end

---Sends INFO.
---```lua
---c:info("application/dtmf-relay", "Signal=5\r\nDuration=100")
---```
---@param content_type string
---@param body string
function C:info(content_type, body) end

---Sends MESSAGE with plain text.
---```lua
---c:message("hello")
---```
---@param text string
function C:message(text) end

---Writes to the log, with the call, the script and the line that it stands on.
---@class loglib
log = {}

---Writes a line of level debug.
---```lua
---log.debug("looked up", { number = call.cli })
---```
---@param message? any
---@param fields? table # strings, numbers and booleans by name
function log.debug(message, fields) end

---Writes a line of level info.
---```lua
---log.info("looked up", { number = call.cli })
---```
---@param message? any
---@param fields? table # strings, numbers and booleans by name
function log.info(message, fields) end

---Writes a line of level warn.
---```lua
---log.warn("looked up", { number = call.cli })
---```
---@param message? any
---@param fields? table # strings, numbers and booleans by name
function log.warn(message, fields) end

---Writes a line of level error.
---```lua
---log.error("looked up", { number = call.cli })
---```
---@param message? any
---@param fields? table # strings, numbers and booleans by name
function log.error(message, fields) end

---Converts between values and JSON. A table whose keys are 1 to n is a list; an empty one is an object, {}, but for one that json.decode made of []. A null in an object is decoded as nothing, elsewhere as json.null.
---@class jsonlib
---@field null any # JSON's null, where a nil would leave nothing: in { name = json.null }.
json = {}

---Returns a value as JSON, the keys of objects in order.
---```lua
---local text = json.encode({ from = call.cli, digits = { 1, 2, 3 } })
---```
---@param value? any
---@return string text
function json.encode(value) end

---Returns the value of a JSON text. A text that is no JSON raises nothing: the first result is nil and the second one tells why.
---```lua
---local plan, err = json.decode('{"queue": "sales"}')
---```
---@param text string
---@return any value
---@return string err # what is wrong, and where: line 3, column 7
function json.decode(text) end

---Asks web services. The script waits as in a verb: the call goes on, its events are served, and its end ends the request. Trouble of the network raises nothing: the first result is nil and the second one tells why. Only hosts that scripting.http_allow names can be asked; another one is an error.
---@class httplib
http = {}

---@class http.get.options
---@field headers? table<string, string|number|boolean> # header fields of the request, as {Authorization = "Bearer …"}
---@field timeout? duration # of each try; without it scripting.http_timeout_seconds
---@field retries? integer # further tries after trouble of the network, 429 or 5xx; 0 to 5; default 0

---@class http.get.res
---@field status integer # 200, say
---@field ok boolean # whether the status is 200 to 299
---@field headers table # by name in lower case
---@field body string
---@field json any # the body decoded, when it is JSON by its Content-Type and no mistake is in it

---Makes a GET request.
---```lua
---local res, err = http.get("https://api.example.com/plan?cli=" .. call.cli, { timeout = "800ms" })
---```
---@param url string # http or https
---@param options? http.get.options
---@return http.get.res res # nil on trouble of the network
---@return string err # what the trouble was
function http.get(url, options) end

---@class http.post.options
---@field json? any # a value to send as JSON
---@field form? table<string, string|number|boolean> # fields to send as a form
---@field body? string # what to send as it is; headers may tell its Content-Type
---@field headers? table<string, string|number|boolean> # header fields of the request, as {Authorization = "Bearer …"}
---@field timeout? duration # of each try; without it scripting.http_timeout_seconds
---@field retries? integer # further tries after trouble of the network, 429 or 5xx; 0 to 5; default 0

---@class http.post.res
---@field status integer # 200, say
---@field ok boolean # whether the status is 200 to 299
---@field headers table # by name in lower case
---@field body string
---@field json any # the body decoded, when it is JSON by its Content-Type and no mistake is in it

---Makes a POST request.
---```lua
---local res, err = http.post("https://api.example.com/calls", { json = { from = call.cli }, retries = 2 })
---```
---@param url string # http or https
---@param options? http.post.options
---@return http.post.res res # nil on trouble of the network
---@return string err # what the trouble was
function http.post(url, options) end

---Keeps values that all calls share: over restarts when scripting.kv_path is set, and for several servers together with scripting.kv_redis. A store that fails, on a full disk or with no network say, raises nothing: the first result is nil and the second one tells why.
---@class kvlib
kv = {}

---Returns the value of a key.
---```lua
---local greeting = kv.get("greeting", "welcome.wav")
---```
---@param key string # 1 to 512 bytes
---@param default? any # returned when there is none
---@return any value # string, number or boolean; nil when there is none
---@return string err # when the store fails
function kv.get(key, default) end

---@class kv.set.options
---@field ttl? duration # after so long the key is gone; without it never

---Stores a value. nil deletes the key.
---```lua
---kv.set("last:" .. call.cli, call.did, { ttl = "24h" })
---```
---@param key string # 1 to 512 bytes
---@param value? any # string, number or boolean; of a table write json.encode(table)
---@param options? kv.set.options
---@return boolean ok
---@return string err # when the store fails
function kv.set(key, value, options) end

---@class kv.incr.options
---@field ttl? duration # after so long a key that this creates is gone; one that is there keeps its own

---Adds to a number, at once for all calls: no two of them get the same sum. A key that is not there counts as 0.
---```lua
---local nth = kv.incr("calls:" .. call.did, 1, { ttl = "24h" })
---```
---@param key string # 1 to 512 bytes
---@param by? number # default 1
---@param options? kv.incr.options
---@return number sum
---@return string err # when the store fails
function kv.incr(key, by, options) end

---Deletes a key.
---```lua
---kv.del("greeting")
---```
---@param key string # 1 to 512 bytes
---@return boolean existed # whether it was there
---@return string err # when the store fails
function kv.del(key) end

---The time of day and the date, in any time zone.
---@class timelib
time = {}

---Returns the seconds since 1970 began in UTC, with their fraction.
---```lua
---local began = time.now()
---```
---@return number seconds
function time.now() end

---Tells whether it is one of the times of a text: days (mon-fri), dates (dec 24-dec 26) and hours (09:00-17:30), of which all that are named must fit. Several are separated by ";", one is enough. 22:00-06:00 goes past midnight.
---```lua
---if not time.match("mon-fri 09:00-17:30", "Europe/Berlin") then call:reject(480) end
---```
---@param times string # as "mon-fri 09:00-17:30; sat 10:00-13:00"
---@param zone? string # as "Europe/Berlin" or "UTC"; without it the server's own
---@param at? number # seconds since 1970 began in UTC; without it now; -6.2e+10 to 2.53e+11
---@return boolean matches
function time.match(times, zone, at) end

---Writes the time as strftime does.
---```lua
---local today = time.format("%Y-%m-%d", "Europe/Berlin")
---```
---@param format string # as "%Y-%m-%d %H:%M:%S"
---@param zone? string # as "Europe/Berlin" or "UTC"; without it the server's own
---@param at? number # seconds since 1970 began in UTC; without it now; -6.2e+10 to 2.53e+11
---@return string text
function time.format(format, zone, at) end

---Regular expressions (RE2, https://github.com/google/re2/wiki/Syntax). A pattern that is none is an error.
---@class relib
re = {}

---Returns what the groups of the pattern match, or what all of it matches when it has none.
---```lua
---local area, number = re.match(call.cli, [[^\+49(30|40)(\d+)$]])
---```
---@param text string
---@param pattern string # RE2 syntax; it may match anywhere unless ^ and $ say otherwise
---@return string captures # one for each group; nil when the pattern or the group does not match
function re.match(text, pattern) end

---Tells whether the pattern matches.
---```lua
---if re.test(call.cli, "^(anonymous|)$") then call:reject(433) end
---```
---@param text string
---@param pattern string # RE2 syntax; it may match anywhere unless ^ and $ say otherwise
---@return boolean matches
function re.test(text, pattern) end

---Counts and measures, over all calls, for GET /metrics. A figure that cannot be taken, as one name means two things or has too many different labels, is logged once and left out. Each series has the label generation: that of the script that counted, so that the scripts before and after a change can be compared. GET /metrics shows the newest three; sum without (generation) (…) is all of them.
---@class metricslib
metrics = {}

---Adds to a counter.
---```lua
---metrics.inc("menu_choice", 1, { digit = "1" })
---```
---@param name string # letters, digits and _; GET /metrics shows it with offhook_script_ before it
---@param value? number # 0 to 1e+15; default 1
---@param labels? table<string, string|number|boolean> # {name = value}: the same names each time, and few different values: there is a cap on them; each series has the label generation besides
function metrics.inc(name, value, labels) end

---Adds a value to a histogram.
---```lua
---metrics.observe("lookup_seconds", 0.2)
---```
---@param name string # letters, digits and _; GET /metrics shows it with offhook_script_ before it
---@param value number
---@param labels? table<string, string|number|boolean> # {name = value}: the same names each time, and few different values: there is a cap on them; each series has the label generation besides
function metrics.observe(name, value, labels) end

---Reads the configuration: the script's own [script.NAME] table, then the [behavior] section.
---@class configlib
config = {}

---Returns a setting.
---```lua
---local hz = config.get("tone_frequency", 440)
---```
---@param key string
---@param default? any # returned when it is not set; text, as it comes from the environment, becomes a number or a boolean when this is one
---@return any value
function config.get(key, default) end

---Reads environment variables of the server: those that scripting.env_allow in the configuration names.
---@class envlib
env = {}

---Returns an environment variable. One that the configuration does not allow is an error.
---```lua
---local zone = env.get("TZ", "UTC")
---```
---@param name string
---@param default? any # returned when it is not set
---@return string value # nil when it is not set and there is no default
function env.get(name, default) end

---Returns the value of another file of the scripts folder, which runs once for each call: require("lib.menu") is lib/menu.lua. It is that of the call's own generation.
---```lua
---local menu = require("lib.menu")
---```
---@param name string # folders and file, with dots between
---@return any module # what the file returns, or true
function require(name) end

---@class route.rules
---@field to? string # pattern of the called user: call.did
---@field from? string # pattern of the user of From: call.from.user
---@field source? string # the address that the call comes from, or a prefix as 10.0.0.0/8
---@field trunk? string # name of the trunk that the call comes in on: call.trunk
---@field header? table<string, string|number|boolean> # patterns of header fields of the INVITE, as {["X-Env"] = "test"}
---@field when? function # gets the call; the rule matches when it returns neither false nor nil
---@field run function # gets the call

---Returns a function for on_call that gives each call to the first rule that matches, or to default. A rule matches when all that it names does; patterns are those of [[route]] in the configuration: a text, _9X. as in Asterisk, or /RE2/. Without a match and a default the call is rejected with 404.
---```lua
---on_call = route{
---  { to = "_9X.", from = "/^\\+49/", run = function(call) call:redirect("sip:out@192.0.2.7") end },
---  { source = "10.0.0.0/8", when = function(call) return time.match("mon-fri 09:00-17:30") end, run = function(call) call:answer() end },
---  default = function(call) call:reject(404) end,
---}
---```
---@param rules route.rules # a list of rules, and default = a function
---@return function handler # takes the call
function route(rules) end

---Declares a test. Each runs in a world and with globals of its own: the file is run again for it.
---```lua
---test("rings", function(t) t:call{}:expect_status(180) end)
---```
---@param name string
---@param fn fun(t: T)
function test(name, fn) end

---A call came in. Runs from top to bottom; every verb holds up this call only.
---@param call Call
function on_call(call) end

---@class on_dtmf.info
---@field duration_ms? number # how long the key was down; 0 = not known
---@field via? "rfc4733"|"info"|"inband" # one of "rfc4733", "info", "inband"

---A digit came that no gather, read_digit or barge is waiting for.
---@param call Call
---@param digit string
---@param info on_dtmf.info
function on_dtmf(call, digit, info) end

---The ACK to our 200 came.
---@param call Call
function on_answer(call) end

---The peer put us on hold.
---@param call Call
function on_hold(call) end

---The peer took us off hold.
---@param call Call
function on_resume(call) end

---An INFO came that is no digit.
---@param call Call
---@param content_type string
---@param body string
function on_info(call, content_type, body) end

---A MESSAGE came.
---@param call Call
---@param text string
function on_message(call, text) end

---No RTP came for the configured time. Without this handler the call ends.
---@param call Call
function on_media_timeout(call) end

---@class on_hangup.info
---@field by? "caller"|"cancel"|"script"|"limit"|"media_timeout"|"error"|"shutdown"|"no_ack"|"operator" # one of "caller", "cancel", "script", "limit", "media_timeout", "error", "shutdown", "no_ack", "operator"
---@field code? integer # the final response to the INVITE
---@field reason? string
---@field q850? integer # cause of the Reason header field; 0 = none
---@field seconds? number # from the answer to the end
---@field stats? table # as call:stats() returns
---@field recordings? table # what came of each, as call:record() returns it, in the order they began
---@field error? table # when the script failed: {message, file, line, traceback}

---The call ended: always, exactly once. It has 5 seconds, and verbs that need the call are errors.
---@param call Call
---@param info on_hangup.info
function on_hangup(call, info) end

---Once, before the first call of a generation.
function on_load() end

---Once, after the last call of a generation.
function on_unload() end
