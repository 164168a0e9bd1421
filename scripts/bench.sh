#!/usr/bin/env bash
# Measures what this machine does with Offhook, with SIPp as the caller and cmd/rtpmeter as the listener.
#
#   ./scripts/bench.sh                  all of it, about four minutes
#   ./scripts/bench.sh signalling       calls/s without a failure, and CPU per call beside `sipp -sn uas` in the same run
#   ./scripts/bench.sh overload [RATE]  goodput at 1, 1.5 and 2 times that many calls/s; the rest gets 503
#   ./scripts/bench.sh flood [CALLS]    what 20,000 messages/s of an attacker do to calls that hear the tone (default 200)
#   ./scripts/bench.sh tones [CALLS]    calls that hear the tone and are silent: pacing, CPU and memory per call
#   ./scripts/bench.sh bothways [CALLS] the same, and the callers speak
#   ./scripts/bench.sh busy [CALLS]     the same as tones, while scripts and SIP keep the processors busy
#   ./scripts/bench.sh echo [CALLS]     calls that hear themselves: what is lost
#   ./scripts/bench.sh record [CALLS]   calls recorded in stereo: what is lost
#   ./scripts/bench.sh scripts          calls, verbs and reloads on the scripts' side, in Go
#
# Beside the figures of calls stands the limit of this machine: the same packets sent by a loop in C (bench/limit.c; needs cc).
# BENCH_REALTIME=false measures without real-time priority, BENCH_SECONDS=20 for so long.
# Everything stays on 127.0.0.1. The generator shares the processors with the server, so look at ratios first, and at
# `uptime` before you believe a figure.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
number=${2:-}
case $what in
all | signalling | overload | flood | tones | bothways | busy | echo | record | scripts) ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac

work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

go build -o "$work/offhook" ./cmd/offhook
go build -o "$work/rtpmeter" ./cmd/rtpmeter
go build -o "$work/sipflood" ./cmd/sipflood
if command -v cc >/dev/null; then cc -O2 -o "$work/limit" scripts/bench/limit.c -lpthread; fi
ulimit -n "$(ulimit -Hn)"

sip=25060 health=28080 uas=25070 meter=26000
seconds=${BENCH_SECONDS:-10}
processors=$(getconf _NPROCESSORS_ONLN)

# The scripts of the calls, apart from the shipped ones.
mkdir "$work/lua"
cat >"$work/lua/default.lua" <<'EOF' # a tone for as long as the caller stays
function on_call(call)
  call:answer()
  call:tone(440, { duration = "1h" })
end
EOF
cat >"$work/lua/echo.lua" <<'EOF'
function on_call(call)
  call:answer()
  call:echo()
end
EOF
cat >"$work/lua/garbage.lua" <<'EOF' # computes, and makes some 60 KB of garbage, 100 times a second
function on_call(call)
  call:answer()
  while call:alive() do
    local sum, text = 0, ("garbage "):rep(6000)
    for i = 1, 100 do local t = { i, text } end
    for i = 1, 2000 do sum = sum + i % 7 end
    call:sleep("10ms")
  end
end
EOF
cat >"$work/lua/record.lua" <<'EOF' # records what it hears, and what it says
function on_call(call)
  call:answer()
  call:record_start(call.id .. ".wav", { stereo = true })
  call:tone(440, { duration = "1h" })
end
EOF

# cpu PID: milliseconds of user and system time so far.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz)}' "/proc/$1/stat"; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; }
calls() { curl -fsS "http://127.0.0.1:$health/health" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
divide() { awk -v a="$1" -v b="$2" -v f="${3:-%.1f}" 'BEGIN {if (b == 0) print "-"; else printf f, a / b}'; }

# serve FOLDER ARGUMENT...: starts the server with the scripts of a folder; its pid is in $server.
serve() {
  rm -rf "$work/scripts" && mkdir "$work/scripts" && cp "$1"/*.lua "$work/scripts"
  if [ -d "$1/lib" ]; then cp -r "$1/lib" "$work/scripts"; fi
  rm -f "$work/scripts/"*_test.lua
  "$work/offhook" --scripts "$work/scripts" --port $sip --health-port $health --log-level warn --set control.socket= \
    --set sip.bind_address=127.0.0.1 --set behavior.max_concurrent_calls=20000 --set behavior.call_timeout_seconds=0 \
    --set media.rtp_port_range_start=30000 --set media.rtp_port_range_end=59999 --set media.recordings_dir="$work/recordings" \
    --set media.realtime_priority="${BENCH_REALTIME:-true}" --set routing.by_user=true --drain 0 "${@:2}" >"$work/server.log" 2>&1 &
  server=$! && pids+=("$server")
  for _ in $(seq 100); do calls active_calls >/dev/null 2>&1 && return; sleep 0.1; done
  cat "$work/server.log" >&2
  exit 1
}

stop() { kill "$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; }

# column NAME FILE: the last value of a column of SIPp's statistics.
column() { awk -F';' -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) c = i} {v = $c} END {print v + 0}' "$2"; }

# elapsed FILE: the seconds from the first call to the end of the last one.
elapsed() { awk -F';' 'NR == 2 {a = $1} {b = $3} END {split(a, x, "\t"); split(b, y, "\t"); print y[3] - x[3]}' "$1"; }

# uac RATE SECONDS PORT: one run of SIPp's built-in caller; "failed retransmissions cpu_ms calls/s" in $result.
uac() {
  local stat="$work/uac.csv" calls=$(($1 * $2))
  rm -f "$stat"
  sipp -sn uac -d 0 -r "$1" -m "$calls" -l 20000 -i 127.0.0.1 -p 25080 -nostdin -trace_stat -stf "$stat" -fd 1 \
    "127.0.0.1:$3" >"$work/uac.log" 2>&1 || true
  result="$(column 'FailedCall(C)' "$stat") $(column 'Retransmissions(C)' "$stat") $(column 'CallRate(C)' "$stat") $(column 'SuccessfulCall(C)' "$stat")"
}

signalling() {
  echo "Signalling: SIPp calls, hangs up at once; default.lua answers without delay and begins its tone"
  printf '%8s  %8s %8s %8s  %12s %12s  %6s\n' calls/s reached failed retrans. "offhook µs" "sipp uas µs" ratio
  sipp -sn uas -i 127.0.0.1 -p $uas -nostdin >/dev/null 2>&1 &
  local peer=$! rate best=0
  pids+=("$peer")
  serve scripts --set behavior.auto_answer_delay_ms=0 --set behavior.tone_duration_seconds=30
  uac 200 2 $sip # warm
  for rate in ${BENCH_RATES:-500 1000 1500 2000 3000}; do
    local a b ours theirs failed retrans reached good
    a=$(cpu "$server") && uac "$rate" 8 $sip && b=$(cpu "$server")
    read -r failed retrans reached good <<<"$result"
    ours=$(divide $(((b - a) * 1000)) $((rate * 8)) %.0f)
    a=$(cpu "$peer") && uac "$rate" 8 $uas && b=$(cpu "$peer")
    theirs=$(divide $(((b - a) * 1000)) $((rate * 8)) %.0f)
    printf '%8s  %8.0f %8s %8s  %12s %12s  %6s\n' "$rate" "$reached" "$failed" "$retrans" "$ours" "$theirs" "$(divide "$ours" "$theirs" %.2f)"
    if [ "$failed" -eq 0 ] && [ "$good" -eq $((rate * 8)) ]; then best=$rate; fi
  done
  echo "held without a failure: $best calls/s"
  stop "$server"
  stop "$peer"
}

# overload: how many calls/s are served to their end when more come than can be.
overload() {
  local share rate rate0=${number:-2500} stat="$work/overload.csv" seconds=8 best=0 served refused goodput
  echo "Overload: $rate0 calls/s and more for $seconds s, as in Signalling; goodput is calls served to their end, as a share of the best"
  printf '%8s  %8s %8s %8s %8s  %8s %6s  %6s\n' calls/s served refused failed retrans. goodput share "RSS MB"
  serve "$work/lua"
  uac 200 2 $sip # warm
  for share in ${BENCH_SHARES:-1 1.5 2}; do
    rate=$(awk -v a="$rate0" -v b="$share" 'BEGIN {print int(a * b)}')
    rm -f "$stat"
    sipp -sf scripts/bench/overload.xml -r "$rate" -m $((rate * seconds)) -l 20000 -i 127.0.0.1 -p 25080 -nostdin \
      -trace_stat -stf "$stat" -fd 1 "127.0.0.1:$sip" >"$work/overload.log" 2>&1 || true
    refused=$(column 'refused(C)' "$stat")
    served=$(($(column 'SuccessfulCall(C)' "$stat") - refused))
    goodput=$(divide "$served" "$(elapsed "$stat")" %.0f)
    best=$((goodput > best ? goodput : best))
    printf '%8s  %8s %8s %8s %8s  %8s %5s%%  %6s\n' "$rate" "$served" "$refused" "$(column 'FailedCall(C)' "$stat")" \
      "$(column 'Retransmissions(C)' "$stat")" "$goodput" "$(divide $((goodput * 100)) "$best" %.0f)" "$(divide "$(rss "$server")" 1024 %.0f)"
  done
  stop "$server"
}

# hold CALLS SCRIPT [PORT]: SIPp holds so many calls of a script until it is stopped; its pid is in $caller.
hold() {
  local before port=${3:-25081}
  before=$(calls active_calls)
  sipp -sf scripts/bench/hold.xml -s "$2" -key meter_port $meter -d 600000 -r 300 -m "$1" -l 20000 \
    -i 127.0.0.1 -p "$port" -nostdin "127.0.0.1:$sip" >"$work/hold.log" 2>&1 &
  caller=$! && pids+=("$caller")
  while [ "$(calls active_calls)" -lt $((before + $1)) ]; do
    kill -0 "$caller" 2>/dev/null || { echo "SIPp gave up:" >&2; tail -30 "$work/hold.log" >&2; exit 1; }
    sleep 0.2
  done
  sleep 1
}

# flood: each kind of flood in turn, while calls hear a tone. The attacker comes from a trusted address, which nothing
# limits, and at last from one that the guard watches. There is room for 50 more calls.
flood() {
  local calls=${number:-200} kind a b seconds=6 setting
  echo "Flood: $calls calls hear 440 Hz while 20,000 messages/s come for $seconds s"
  for kind in malformed options invite "invite, watched"; do
    setting="defence.trusted=127.0.0.0/8"
    [ "$kind" = "invite, watched" ] && setting="defence.trusted="
    serve "$work/lua" --set behavior.max_concurrent_calls=$((calls + 50)) --set "$setting" --set defence.messages_per_second_and_source=2000
    hold "$calls" default
    a=$(cpu "$server")
    "$work/sipflood" --target "127.0.0.1:$sip" --kind "${kind%,*}" --rate 20000 --duration ${seconds}s >"$work/flood.log" 2>&1 &
    local attacker=$!
    pids+=("$attacker")
    echo "$kind:"
    "$work/rtpmeter" --listen 127.0.0.1:$meter --duration $((seconds - 1))s --ptime 20ms | sed 's/^/  /'
    wait "$attacker" || true
    b=$(cpu "$server")
    echo "  $(cat "$work/flood.log"); server: $(divide $((b - a)) $((seconds * 10)) %.0f) % of one core, $(divide "$(rss "$server")" 1024 %.0f) MB RSS, $(calls active_calls) calls"
    stop "$caller"
    stop "$server"
  done
}

# measure CALLS FLAG...: what the meter, with its flags, hears of so many calls, and what that costs.
measure() {
  local a b m packets
  a=$(cpu "$server")
  "$work/rtpmeter" --listen 127.0.0.1:$meter --duration "${seconds}s" --ptime 20ms "${@:2}" >"$work/meter.log" &
  m=$! && pids+=("$m")
  sleep $((seconds - 1))
  generator=$(divide "$(cpu "$m")" $(((seconds - 1) * 10)) %.0f)
  wait "$m" || true
  b=$(cpu "$server")
  sed 's/^/  /' "$work/meter.log"
  packets=$(awk '{for (i = 2; i <= NF; i++) if ($i ~ /^(packets|lost),/) n += $(i - 1)} END {print n + 0}' "$work/meter.log")
  cost=$(divide $(((b - a) * 1000)) "$packets" %.2f)
  echo "  server: $(divide $((b - a)) $((seconds * 10)) %.0f) % of one processor, $cost µs CPU per packet sent, all in;" \
    "$(divide $(($(rss "$server") - idle)) "$1") KB RSS per call"
  echo "  meter: $generator %; the machine has $((processors * 100)) %"
}

# limit CALLS: what the loop in C takes for the same packets, to the same meter. Nobody can do with less.
limit() {
  [ -x "$work/limit" ] || { echo "limit: unknown, there is no C compiler"; return 0; }
  local way took
  for way in send sendto; do
    "$work/rtpmeter" --listen 127.0.0.1:$meter --duration 4s >"$work/limit.log" &
    pids+=("$!")
    sleep 0.2
    took=$("$work/limit" $way "$1" 5 $meter)
    echo "  limit: a loop of $way() in C takes $took µs CPU per packet, one way $(awk -v t="$took" -v n="$1" 'BEGIN {printf "%.0f", t * n / 200}') % of one" \
      "processor; the server sends $(awk -v t="$took" -v c="$cost" 'BEGIN {printf "%.0f", c ? 100 * t / c : 0}') % as many per CPU second"
    wait $! || true
    sed 's/.*deviation/         its deviation/' "$work/limit.log"
  done
}

# media CALLS SCRIPT WHAT FLAG...: one measurement of so many calls of a script. All calls are to be there, however long
# their set-up waits.
media() {
  echo "$3: $1 calls for $seconds s, real-time priority ${BENCH_REALTIME:-true}"
  serve "$work/lua" --set defence.max_delay_ms=5000
  idle=$(rss "$server")
  hold "$1" "$2"
  measure "$1" "${@:4}"
  stop "$caller"
  stop "$server"
  grep '^time=' "$work/server.log" | grep -v 'ended by the shutdown' | tail -5 >&2 || true
  limit "$1"
}

tones() { media "${number:-1500}" default "Tones to silent callers"; }
bothways() { media "${number:-1500}" default "Tones to callers that speak" --talk; }
echoes() { media "${number:-1000}" echo "Echo" --talk; }
records() { media "${number:-1000}" record "Recordings, a tone meanwhile" --talk; }

# busy is tones beside 20 calls whose scripts compute and make garbage, and 100 calls/s that hang up at once.
busy() {
  local calls=${number:-1500} noise before
  echo "Tones to silent callers: $calls calls for $seconds s while scripts and SIP are busy, real-time priority ${BENCH_REALTIME:-true}"
  GODEBUG=gctrace=1 serve "$work/lua" --set defence.max_delay_ms=5000
  idle=$(rss "$server")
  hold "$calls" default
  local tones=$caller
  hold 20 garbage 25082
  noise=$caller
  sipp -sn uac -s garbage -d 0 -r 100 -m 100000 -i 127.0.0.1 -p 25080 -nostdin "127.0.0.1:$sip" >/dev/null 2>&1 &
  local short=$!
  pids+=("$short")
  before=$(wc -l <"$work/server.log")
  measure "$calls"
  # gc 7 @1.234s 2%: ... 4->5->3 MB ...: what was there at each collection, less what the one before left
  awk -v before="$before" 'NR > before && /^gc / {for (i = 1; i <= NF; i++) if ($i ~ /->.*->/) {split($i, h, "->"); if (n++) sum += h[1] - left; left = h[3]}
    sub(/.*@/, ""); at = $1 + 0; if (!first) first = at}
    END {if (at > first) printf "garbage: %.0f MB/s, %d collections in %.0f s\n", sum / (at - first), n, at - first}' "$work/server.log"
  stop "$short"
  stop "$noise"
  stop "$tones"
  stop "$server"
  limit "$calls"
}

# scripted prints what the benchmarks of scripting report; a waiting call takes heap-B and stack-B together.
scripted() {
  echo "Scripts: 100 lines, without SIP and RTP"
  go test ./scripting -run '^$' -bench 'Call/|Load|Waiting|StartsPerSecond|Runaway|WatchToLive' -benchtime 2s -timeout 5m | grep '^Benchmark'
}

uptime
case $what in
signalling) signalling ;;
overload) overload ;;
flood) flood ;;
tones) tones ;;
bothways) bothways ;;
busy) busy ;;
echo) echoes ;;
record) records ;;
scripts) scripted ;;
all)
  for part in signalling overload flood tones bothways busy echoes records scripted; do
    $part
    echo
  done
  ;;
esac
