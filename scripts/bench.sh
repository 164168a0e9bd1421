#!/usr/bin/env bash
# Measures what this machine does with Offhook, with SIPp as the caller and cmd/rtpmeter as the listener.
#
#   ./scripts/bench.sh                  all of it, about four minutes
#   ./scripts/bench.sh signalling       calls/s without a failure, and CPU per call beside `sipp -sn uas` in the same run
#   ./scripts/bench.sh overload [RATE]  goodput at 1, 1.5 and 2 times that many calls/s; the rest gets 503
#   ./scripts/bench.sh flood [CALLS]    what 20,000 messages/s of an attacker do to calls that hear the tone (default 200)
#   ./scripts/bench.sh tones [CALLS]    calls that hear the tone at full rate, pacing, CPU and memory per call
#   ./scripts/bench.sh scripts          calls, verbs and reloads on the scripts' side, in Go
#
# Everything stays on 127.0.0.1. The generator shares the processors with the server, so look at ratios first, and at
# `uptime` before you believe a figure.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
tones=${2:-1500}
limit=${2:-2500}
flooded=${2:-200}
case $what in all | signalling | overload | flood | tones | scripts) ;; *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac

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
ulimit -n "$(ulimit -Hn)"

sip=25060 health=28080 uas=25070

# cpu PID: milliseconds of user and system time so far.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz)}' "/proc/$1/stat"; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; }
calls() { curl -fsS "http://127.0.0.1:$health/health" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
divide() { awk -v a="$1" -v b="$2" -v f="${3:-%.1f}" 'BEGIN {if (b == 0) print "-"; else printf f, a / b}'; }

# serve SECONDS [SETTING...]: starts the server with the default call without its delay and a tone that long; its pid is in $server.
serve() {
  local seconds=$1 settings=()
  for setting in "${@:2}"; do settings+=(--set "$setting"); done
  rm -rf "$work/scripts" && mkdir "$work/scripts" && cp scripts/default.lua "$work/scripts"
  "$work/offhook" --scripts "$work/scripts" --port $sip --health-port $health --log-level warn --set control.socket= \
    --set sip.bind_address=127.0.0.1 --set behavior.max_concurrent_calls=20000 --set behavior.call_timeout_seconds=0 \
    --set behavior.auto_answer_delay_ms=0 --set behavior.tone_duration_seconds="$seconds" \
    --set media.rtp_port_range_start=30000 --set media.rtp_port_range_end=59999 --drain 0 "${settings[@]}" >"$work/server.log" 2>&1 &
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
  serve 30
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
  local share rate stat="$work/overload.csv" seconds=8 best=0 served refused goodput
  echo "Overload: $limit calls/s and more for $seconds s, as in Signalling; goodput is calls served to their end, as a share of the best"
  printf '%8s  %8s %8s %8s %8s  %8s %6s  %6s\n' calls/s served refused failed retrans. goodput share "RSS MB"
  serve 30
  uac 200 2 $sip # warm
  for share in ${BENCH_SHARES:-1 1.5 2}; do
    rate=$(awk -v a="$limit" -v b="$share" 'BEGIN {print int(a * b)}')
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

# hold CALLS SECONDS: makes that many calls that hear a tone at 127.0.0.1:26000; SIPp's pid is in $caller.
hold() {
  sipp -sf scripts/bench/hold.xml -key meter_port 26000 -d $(($2 * 1000)) -r 150 -m "$1" -l 20000 \
    -i 127.0.0.1 -p 25081 -nostdin "127.0.0.1:$sip" >"$work/hold.log" 2>&1 &
  caller=$! && pids+=("$caller")
  while [ "$(calls active_calls)" -lt "$1" ]; do
    kill -0 "$caller" 2>/dev/null || { echo "SIPp gave up:" >&2; tail -30 "$work/hold.log" >&2; exit 1; }
    sleep 0.2
  done
  sleep 1
}

# flood: each kind of flood in turn, while calls hear a tone. The attacker comes from a trusted address, which nothing
# limits, and at last from one that the guard watches. There is room for 50 more calls.
flood() {
  local kind a b seconds=6 setting
  echo "Flood: $flooded calls hear 440 Hz while 20,000 messages/s come for $seconds s"
  for kind in malformed options invite "invite, watched"; do
    setting="defence.trusted=127.0.0.0/8"
    [ "$kind" = "invite, watched" ] && setting="defence.trusted="
    serve 600 "behavior.max_concurrent_calls=$((flooded + 50))" "$setting" defence.messages_per_second_and_source=2000
    hold "$flooded" $((flooded / 150 + seconds + 9))
    a=$(cpu "$server")
    "$work/sipflood" --target "127.0.0.1:$sip" --kind "${kind%,*}" --rate 20000 --duration ${seconds}s >"$work/flood.log" 2>&1 &
    local attacker=$!
    pids+=("$attacker")
    echo "$kind:"
    "$work/rtpmeter" --listen 127.0.0.1:26000 --duration $((seconds - 1))s --ptime 20ms | sed 's/^/  /'
    wait "$attacker" || true
    b=$(cpu "$server")
    echo "  $(cat "$work/flood.log"); server: $(divide $((b - a)) $((seconds * 10)) %.0f) % of one core, $(divide "$(rss "$server")" 1024 %.0f) MB RSS, $(calls active_calls) calls"
    wait "$caller" || true
    stop "$server"
  done
}

tones() {
  echo "Tones: $tones calls hear 440 Hz at the same time for 20 s"
  serve 600
  local idle a b seconds=20 held setup=$((tones / 150 + 2))
  idle=$(rss "$server")
  hold "$tones" $((setup + seconds + 5))
  a=$(cpu "$server")
  "$work/rtpmeter" --listen 127.0.0.1:26000 --duration ${seconds}s --ptime 20ms
  b=$(cpu "$server")
  held=$(rss "$server")
  echo "server: $(divide $((b - a)) $((seconds * 10)) %.0f) % of one core, $(divide $(((b - a) * 1000)) $((tones * seconds * 50)) %.2f) µs CPU per packet," \
    "$(divide $((held - idle)) "$tones") KB RSS per call"
  wait "$caller" || true
  stop "$server"
}

# scripted prints what the benchmarks of scripting report; a waiting call takes heap-B and stack-B together.
scripted() {
  echo "Scripts: 100 lines, without SIP and RTP"
  go test ./scripting -run '^$' -bench 'Call/|Load|Waiting|StartsPerSecond|Runaway|WatchToLive' -benchtime 2s -timeout 5m | grep '^Benchmark'
}

uptime
case $what in all | signalling) signalling ;; esac
[ "$what" = all ] && echo
case $what in all | overload) overload ;; esac
[ "$what" = all ] && echo
case $what in all | flood) flood ;; esac
[ "$what" = all ] && echo
case $what in all | tones) tones ;; esac
[ "$what" = all ] && echo
case $what in all | scripts) scripted ;; esac
