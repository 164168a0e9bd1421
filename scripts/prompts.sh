#!/usr/bin/env bash
# Makes the English prompts in scripts/sounds/en anew: 8 kHz µ-law, 3 dB below full scale, without silence around them.
#
#   ./scripts/prompts.sh [FOLDER]
#
# Needs espeak-ng and sox. The same versions of both make the same files, octet for octet; those in the repository are of espeak-ng 1.51
# and sox 14.4.2.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-sounds/en}
for tool in espeak-ng sox; do
  command -v "$tool" >/dev/null || { echo "prompts.sh: please install $tool" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# shape IN OUT: what a telephone carries, at one level, cut where it begins and ends.
shape() {
  sox -D "$1" -c 1 -e u-law "$2" highpass 200 rate -v 8000 gain -n -3 \
    silence 1 0.005 1% reverse silence 1 0.005 1% pad 0.03 reverse pad 0.01
}

# NAME = what is said; without "=" the name is.
while IFS='=' read -r name text; do
  name=${name// /}
  [ -n "$name" ] || continue
  espeak-ng -v en-us -s 160 -p 45 -g 2 -w "$work/said.wav" -- "${text:-$name}"
  shape "$work/said.wav" "$out/$name.wav"
done <<'PROMPTS'
0 = zero
1 = one
2 = two
3 = three
4 = four
5 = five
6 = six
7 = seven
8 = eight
9 = nine
10 = ten
11 = eleven
12 = twelve
13 = thirteen
14 = fourteen
15 = fifteen
16 = sixteen
17 = seventeen
18 = eighteen
19 = nineteen
20 = twenty
30 = thirty
40 = forty
50 = fifty
60 = sixty
70 = seventy
80 = eighty
90 = ninety
hundred
thousand
million
point
minus
and
oh
oclock = o'clock
am = A M
pm = P M
star
pound
plus
press
for
to
or
welcome
goodbye
thank-you = thank you
please-hold = please hold
please-wait = please wait
please-enter = please enter
followed-by-pound = followed by the pound key
your-number-is = your number is
extension
invalid = that is not valid
try-again = please try again
sorry
closed = we are closed at the moment
busy = all lines are busy
unavailable = nobody is available at the moment
leave-message = please leave a message after the tone
message
messages
to-listen = to listen
to-record-again = to record again
to-save = to save
saved
deleted
menu = main menu
to-repeat = to repeat
operator
echo-test = you are about to enter an echo test
end-of-test = this is the end of the test
PROMPTS

# A tone is a tone.
sox -D -r 8000 -n "$work/beep.wav" synth 0.3 sine 1000 fade t 0.01 0.3 0.01 gain -12
sox -D "$work/beep.wav" -e u-law "$out/beep.wav"
