#!/usr/bin/env bash
# Installs Offhook from its unpacked archive, or brings an installed one up to date: user, files, folders, units, firewall.
# What you changed in /etc/offhook stays; the new version of such a file is put beside it as FILE.new. Run it as often as you like.
#
#   ./install.sh                  install; a service that runs is restarted, a new one is not started yet
#   ./install.sh --start          ... enable and start the service and its monitor
#
#   --root DIR        install below DIR, for images: no unit is started and no firewall touched
#   --firewall WHEN   open the ports of the configuration with ufw: auto (if ufw is active; not below --root), yes or no
#
# ./uninstall.sh takes it away again.
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root='' start=false firewall=auto
usage() { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
die() { echo "install.sh: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case $1 in
    --root) [ -d "${2:-}" ] || die "--root: ${2:-nothing} is not a folder"; root=$(cd "$2" && pwd); root=${root%/}; shift ;;
    --firewall) case ${2:-} in auto | yes | no) firewall=$2 ;; *) die "--firewall: write auto, yes or no" ;; esac; shift ;;
    --start) start=true ;;
    -h | --help) usage; exit ;;
    *) echo "install.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ -d "$here/root" ] || die "there is no folder root beside me: run me from the unpacked archive (./scripts/build.sh --tree makes one)"
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "please run me as root"

data=$root/var/lib/offhook
manifest=$data/.installed # "SHA-256  PATH" of each file as it was shipped
declare -A shipped=()
if [ -f "$manifest" ]; then
  while read -r sum path; do shipped[$path]=$sum; done <"$manifest"
fi

sum() { sha256sum "$1" | cut -d' ' -f1; }
own() { if [ "$(id -u)" -eq 0 ]; then chown "$@"; fi; } # only root can

user() {
  install -D -m 644 "$here/root/usr/lib/sysusers.d/offhook.conf" "$root/usr/lib/sysusers.d/offhook.conf"
  grep -q '^offhook:' "$root/etc/passwd" 2>/dev/null && return
  if command -v systemd-sysusers >/dev/null; then
    mkdir -p "$root/etc"
    systemd-sysusers ${root:+--root="$root"} offhook.conf >/dev/null
  elif [ -z "$root" ]; then
    useradd --system --user-group --home-dir /var/lib/offhook --shell /usr/sbin/nologin offhook
  fi
  echo "user offhook: made"
}

# owner is who owns data, as numbers, because below --root its name means nothing here.
owner() { awk -F: '$1 == "offhook" {print $3 ":" $4}' "$root/etc/passwd" 2>/dev/null || true; }

# put PATH: installs a file, but keeps one in /etc that was edited or taken away.
put() {
  local path=$1 from=$here/root$1 to=$root$1 mode=644 new
  new=$(sum "$from")
  [ -x "$from" ] && mode=755
  case $path in
    /etc/*)
      if [ ! -e "$to" ]; then
        if [ -n "${shipped[$path]:-}" ]; then echo "kept away: $path, as you removed it"; return; fi
      elif [ "$(sum "$to")" = "$new" ]; then
        return
      elif [ "$(sum "$to")" != "${shipped[$path]:-}" ]; then
        if [ "$new" != "${shipped[$path]:-}" ]; then
          install -m "$mode" "$from" "$to.new"
          echo "kept: $path, as you edited it; the new one is $path.new"
        fi
        return
      fi ;;
  esac
  install -D -m "$mode" "$from" "$to.part"
  mv -f "$to.part" "$to" # in one step: the binary may be running, and scripts are watched
}

files() {
  local path
  while IFS= read -r path; do put "$path"; done < <(cd "$here/root" && find . -type f -printf '/%P\n' | sort)
  for path in "${!shipped[@]}"; do # of an older version
    if [ ! -e "$here/root$path" ] && [ -e "$root$path" ]; then
      if [ "$(sum "$root$path")" = "${shipped[$path]}" ]; then rm -f "$root$path"; else echo "kept: $path, as you edited it; this version has none"; fi
    fi
  done
}

folders() {
  local owner
  owner=$(owner)
  install -d -m 750 "$data" "$root/var/log/offhook"
  [ -z "$owner" ] || own "$owner" "$data" "$root/var/log/offhook"
  if [ -e "$root/etc/offhook/offhook.toml" ]; then # it may hold passwords
    [ -z "$owner" ] || own "0:${owner#*:}" "$root/etc/offhook/offhook.toml"
    chmod 640 "$root/etc/offhook/offhook.toml"
  fi
}

remember() {
  (cd "$here/root" && find . -type f -printf '/%P\n' | sort | while IFS= read -r path; do
    echo "$(sum "$here/root$path")  $path"
  done) >"$manifest.part"
  chmod 644 "$manifest.part"
  mv -f "$manifest.part" "$manifest"
}

get() { "$root/usr/bin/offhook" config get --config "$root/etc/offhook/offhook.toml" "$1"; }

# ports opens the SIP port and the RTP ports of the configuration. What was opened is noted, to close what it no longer says.
ports() {
  local rules=$data/.firewall rule wanted=() sip
  command -v ufw >/dev/null || { [ "$firewall" = auto ] || die "--firewall: there is no ufw here"; return 0; }
  if [ "$firewall" = auto ] && ! ufw status | grep -q '^Status: active'; then
    echo "firewall: ufw is not active, nothing opened"
    return
  fi
  sip=$(get sip.port)
  case $(get sip.transport) in *udp*) wanted+=("$sip/udp") ;; esac
  case $(get sip.transport) in *tcp* | *tls* | *ws*) wanted+=("$sip/tcp") ;; esac
  wanted+=("$(get media.rtp_port_range_start):$(get media.rtp_port_range_end)/udp")
  if [ -f "$rules" ]; then
    while read -r rule; do
      [[ " ${wanted[*]} " == *" $rule "* ]] || ufw delete allow "$rule" >/dev/null
    done <"$rules"
  fi
  for rule in "${wanted[@]}"; do ufw allow "$rule" comment offhook >/dev/null; done
  printf '%s\n' "${wanted[@]}" >"$rules"
  echo "firewall: open are ${wanted[*]}; the health port $(get health.health_check_port)/tcp is not"
}

units() {
  [ -d /run/systemd/system ] || { echo "no systemd here: start it with: offhook serve --config /etc/offhook/offhook.toml"; return 0; }
  systemctl daemon-reload
  if $start; then
    systemctl enable offhook.service offhook-monitor.service
    systemctl restart offhook.service offhook-monitor.service
  else
    systemctl try-restart offhook.service offhook-monitor.service
  fi
}

user
files
folders
remember
case $firewall in yes) ports ;; auto) [ -n "$root" ] || ports ;; esac
"$root/usr/bin/offhook" version
[ -n "$root" ] || units
if ! $start && [ -z "$root" ]; then
  echo "next: read /etc/offhook/offhook.toml, run offhook doctor, then: systemctl enable --now offhook offhook-monitor"
fi
