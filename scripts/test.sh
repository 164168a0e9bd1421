#!/usr/bin/env bash
# Passes all the tests. Installs the peers they need (SIPp, baresip, Kamailio, sox, Redis, Chromium) when they are missing.
#
#   ./scripts/test.sh           everything
#   ./scripts/test.sh unit      format, vet and the unit tests with the race detector
#   ./scripts/test.sh e2e       the end-to-end tests against real peers
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
case $what in all | unit | e2e) ;; *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac

step() { printf '\n== %s\n' "$*"; }

# need COMMAND PACKAGE: the Debian package that brings a command, installed when it is missing.
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }

install_peers() {
  need sipp sip-tester
  need baresip baresip
  need sox sox
  need chromium chromium # the web console
  need shellcheck shellcheck
  need rpm rpm
  need mandoc mandoc
  need kamailio kamailio
  install
  # SIPp sends digits (RFC 4733) through a raw socket
  if [ "$(id -u)" -ne 0 ] && ! getcap "$(command -v sipp)" | grep -q cap_net_raw; then
    "${sudo[@]}" setcap cap_net_raw+ep "$(command -v sipp)"
  fi
}

# install installs what is missing, if anything is.
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
install() {
  [ ${#missing[@]} -gt 0 ] || return 0
  step "installing ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "test.sh: please install these by hand, there is no apt-get here: ${missing[*]}" >&2
    exit 1
  fi
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

unit() {
  step "gofmt"
  local unformatted
  unformatted=$(gofmt -l .)
  if [ -n "$unformatted" ]; then
    printf 'not formatted (gofmt -w):\n%s\n' "$unformatted" >&2
    exit 1
  fi
  step "go vet"
  go vet ./...
  need redis-server redis-server # for kv
  install
  step "unit tests, with the race detector"
  go test -race -short ./...
}

e2e() {
  install_peers
  step "end-to-end tests against SIPp, baresip, Kamailio, a browser and a second Offhook"
  OFFHOOK_E2E=1 go test -count=1 -v -timeout 15m ./cmd/offhook/e2e
}

[ "$what" = e2e ] || unit
[ "$what" = unit ] || e2e
step "all passed"
