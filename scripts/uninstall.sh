#!/usr/bin/env bash
# Takes away what install.sh installed. Data stays: recordings and records in /var/lib/offhook, logs in /var/log/offhook, and what
# you changed or added in /etc/offhook; and the user that owns them.
#
#   ./uninstall.sh
#   ./uninstall.sh --purge        data, configuration and user, too
#
#   --root DIR    what was installed below DIR
set -euo pipefail
root='' purge=false
usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
die() { echo "uninstall.sh: $*" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --root) [ -d "${2:-}" ] || die "--root: ${2:-nothing} is not a folder"; root=$(cd "$2" && pwd); root=${root%/}; shift ;;
    --purge) purge=true ;;
    -h | --help) usage; exit ;;
    *) echo "uninstall.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "please run me as root"

data=$root/var/lib/offhook
manifest=$data/.installed
[ -f "$manifest" ] || $purge || die "$manifest is not there: nothing that install.sh installed (packages: apt-get remove offhook, rpm -e offhook)"

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl disable --now offhook-monitor.service offhook.service 2>/dev/null || true
fi
if [ -f "$data/.firewall" ]; then
  while read -r rule; do
    if ! ufw delete allow "$rule" >/dev/null; then echo "firewall: $rule is still open" >&2; fi
  done <"$data/.firewall"
  rm -f "$data/.firewall"
fi

# empty PATH: removes the folders above it that are ours alone and empty now.
empty() {
  local dir
  dir=$(dirname "$1")
  while case $dir in /etc/offhook* | /usr/share/doc/offhook*) true ;; *) false ;; esac; do
    rmdir "$root$dir" 2>/dev/null || return 0
    dir=$(dirname "$dir")
  done
}

if [ -f "$manifest" ]; then
  while read -r sum path; do
    file=$root$path
    case $path in /etc/*) rm -f "$file.new" ;; esac
    [ -e "$file" ] || continue
    case $path in
      /etc/*)
        if [ "$(sha256sum "$file" | cut -d' ' -f1)" != "$sum" ]; then
          $purge || { echo "kept: $path, as you edited it"; continue; }
        fi ;;
    esac
    rm -f "$file"
    empty "$path"
  done <"$manifest"
  rm -f "$manifest"
fi
rmdir "$data" "$root/var/log/offhook" 2>/dev/null || true # if there is no data

if $purge; then
  rm -rf "$root/etc/offhook" "$data" "$root/var/log/offhook"
  if [ -z "$root" ]; then
    if getent passwd offhook >/dev/null; then userdel offhook; fi
  else
    for file in passwd shadow group gshadow; do
      if [ -f "$root/etc/$file" ]; then sed -i '/^offhook:/d' "$root/etc/$file"; fi
    done
  fi
else
  for left in /etc/offhook /var/lib/offhook /var/log/offhook; do
    if [ -e "$root$left" ]; then echo "left: $left"; fi
  done
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
