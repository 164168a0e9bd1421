#!/bin/sh
# Before the files go, but not on an upgrade ("upgrade" of dpkg, 1 of rpm).
set -e
case ${1:-remove} in upgrade | 1) exit 0 ;; esac
if [ -d /run/systemd/system ]; then
  systemctl disable --now offhook-monitor.service offhook.service
fi
