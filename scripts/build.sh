#!/usr/bin/env bash
# Builds what is released: static binaries, archives, packages and their checksums. The same commit and the same Go give the
# same files, octet for octet.
#
#   ./scripts/build.sh                   linux/amd64 and linux/arm64 into dist/
#   ./scripts/build.sh --binary          only dist/offhook, for this machine
#   ./scripts/build.sh --tree            only dist/offhook-VERSION-linux-ARCH for this machine, to install with its install.sh
#
#   OUT=DIR      where to put it (dist)
#   VERSION=1.2  the version; else the tag of the commit, or 0.0.0+git of its date and name
#   ARCHES=arm64 fewer of amd64 and arm64
#   SOURCE_DATE_EPOCH=SECONDS  the date of all files; else that of the commit
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
case $what in all | --binary | --tree) ;; *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac
out=${OUT:-dist}
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

git_=false
if git rev-parse --git-dir >/dev/null 2>&1; then git_=true; fi
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  if $git_; then SOURCE_DATE_EPOCH=$(git log -1 --format=%ct); else SOURCE_DATE_EPOCH=$(stat -c %Y go.mod); fi
fi
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
umask 022

# version: of the tag v1.2.3 "1.2.3"; else one that sorts before all releases, as packages need it.
version() {
  local tag
  if $git_ && tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null); then
    echo "${tag#v}"
  elif $git_; then
    echo "0.0.0+git$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d).$(git rev-parse --short=12 HEAD)"
  else
    echo 0.0.0
  fi
}
version=${VERSION:-$(version)}
native=$(go env GOARCH)

# compile ARCH FILE
compile() {
  CGO_ENABLED=0 GOOS=linux GOARCH=$1 GOFLAGS='' go build -trimpath -buildvcs=$git_ -ldflags "-s -w -buildid= -X main.version=$version" \
    -o "$2" ./cmd/offhook
}

mkdir -p "$out"
if [ "$what" = --binary ]; then
  compile "$native" "$out/offhook"
  echo "$out/offhook"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile "$native" "$work/offhook" # prints what it knows of itself

# stage ARCH DIR: what is installed, as it lies below /.
stage() {
  local root=$2
  mkdir -p "$root"/usr/{bin,lib/systemd/system,lib/sysusers.d} "$root"/etc/{offhook,logrotate.d} \
    "$root"/usr/share/{doc/offhook,man/man1,bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
  if [ "$1" = "$native" ]; then install -m 755 "$work/offhook" "$root/usr/bin"; else compile "$1" "$root/usr/bin/offhook"; fi
  install -m 644 scripts/systemd/*.service "$root/usr/lib/systemd/system"
  install -m 644 scripts/package/sysusers.conf "$root/usr/lib/sysusers.d/offhook.conf"
  install -m 644 scripts/package/logrotate "$root/etc/logrotate.d/offhook"
  sed -e 's|^dir = "scripts"|dir = "/etc/offhook/scripts"|' -e 's|^log_file_path = ".*"|log_file_path = "/var/log/offhook/offhook.log"|' \
    config/default.toml >"$root/etc/offhook/offhook.toml"
  local file
  for file in scripts/*.lua scripts/lib/*.lua; do install -D -m 644 "$file" "$root/etc/offhook/$file"; done # sounds are in the binary
  install -m 644 LICENSE README.md CHANGELOG.md "$root/usr/share/doc/offhook"
  install -m 644 LICENSE "$root/usr/share/doc/offhook/copyright"
  cp -r --no-preserve=all examples "$root/usr/share/doc/offhook/examples"
  "$work/offhook" man | gzip -9n >"$root/usr/share/man/man1/offhook.1.gz"
  "$work/offhook" completion bash >"$root/usr/share/bash-completion/completions/offhook"
  "$work/offhook" completion zsh >"$root/usr/share/zsh/site-functions/_offhook"
  "$work/offhook" completion fish >"$root/usr/share/fish/vendor_completions.d/offhook.fish"
}

# tree ARCH: the unpacked archive, all of it of one date.
tree() {
  local dir=$out/offhook-$version-linux-$1
  rm -rf "$dir"
  mkdir -p "$dir"
  stage "$1" "$dir/root"
  install -m 755 scripts/install.sh scripts/uninstall.sh "$dir"
  install -m 644 LICENSE README.md CHANGELOG.md "$dir"
  ln -s root/usr/bin/offhook "$dir/offhook"
  find "$dir" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# pack ARCH: archive and packages of its tree.
pack() {
  local name=offhook-$version-linux-$1
  tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
  local packager
  for packager in deb rpm; do
    OFFHOOK_ARCH=$1 OFFHOOK_VERSION=$version OFFHOOK_ROOT=$out/$name/root \
      go run "$nfpm" package --config scripts/package/nfpm.yaml --packager $packager --target "$out/$name.$packager" >/dev/null
  done
  rm -rf "${out:?}/$name"
}

if [ "$what" = --tree ]; then
  tree "$native"
  echo "$out/offhook-$version-linux-$native"
  exit
fi
for arch in ${ARCHES:-amd64 arm64}; do
  tree "$arch"
  pack "$arch"
done
(cd "$out" && sha256sum offhook-"$version"-linux-*.{tar.gz,deb,rpm} >SHA256SUMS && cat SHA256SUMS)
