#!/bin/sh
# Makes the sound files of this folder anew. Needs sox, lame, flac, oggenc and ffmpeg.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sweep FILE RATE [sox options of the output]: one channel
sweep() {
	file=$1 rate=$2
	shift 2
	sox -D -r "$rate" -b 32 -n "$@" "$file" synth 0.24 sine 300:3000 gain -6
}

sweep pcm8.wav 8000 -b 8
sweep pcm16.wav 8000 -b 16
sweep pcm24.wav 8000 -b 24
sweep pcm32.wav 8000 -b 32
sweep float32.wav 8000 -e floating-point -b 32
sweep float64.wav 8000 -e floating-point -b 64
sweep ulaw.wav 8000 -e u-law
sweep alaw.wav 8000 -e a-law
sweep raw.ul 8000 -t ul
sweep raw.al 8000 -t al

sweep "$work/22.wav" 22050 -b 24
sweep "$work/22-16.wav" 22050 -b 16
for rate in 32000 44100 48000; do
	sweep "$work/$rate-mono.wav" $rate -b 16
	sox -D "$work/$rate-mono.wav" "$work/$rate.wav" remix 1 0
done
cp "$work/44100.wav" cd.wav
ffmpeg -loglevel error -y -i "$work/32000.wav" -c:a pcm_s24le -fflags +bitexact -flags:a +bitexact extensible.wav
flac --silent -f --padding=0 -o stereo48.flac "$work/48000.wav"
flac --silent -f --padding=0 -o mono22.flac "$work/22.wav"
lame --quiet --resample 44.1 -b 96 "$work/44100.wav" stereo44.mp3
lame --quiet -b 48 "$work/22-16.wav" mono22.mp3
ffmpeg -loglevel error -y -i "$work/44100.wav" -c:a libmp3lame -b:a 96k -metadata title=sweep tagged.mp3
oggenc --quiet -q 3 --serial 1 -o stereo44.ogg "$work/44100.wav"
oggenc --quiet -q 1 --serial 1 -o mono22.ogg "$work/22-16.wav"

# word FILE OPTIONS: a word in Opus, and what libopus decodes it to
exact="-fflags +bitexact -flags:a +bitexact"
sox ../../../scripts/sounds/en/7.wav -r 48000 -b 16 "$work/word.wav"
word() {
	name=$1
	shift
	ffmpeg -loglevel error -y -i "$work/word.wav" -c:a libopus -application voip "$@" $exact "$name.opus"
	ffmpeg -loglevel error -y -c:a libopus -i "$name.opus" -sample_fmt s16 $exact "$work/$name.wav"
	flac --silent -8 -f --padding=0 -o "$name.flac" "$work/$name.wav"
}
word silk -ar 16000 -b:a 16k
word hybrid -b:a 28k
ffmpeg -loglevel error -y -i "$work/48000.wav" -c:a libopus -b:a 64k $exact stereo.opus
sweep "$work/16.wav" 16000 -b 16
ffmpeg -loglevel error -y -i "$work/16.wav" -c:a g722 -f g722 $exact raw.g722
