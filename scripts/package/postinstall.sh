#!/bin/sh
# After the files of a .deb or .rpm are there: the user, the owner of the configuration, the units. A service that runs is
# restarted; its calls drain first. A new one is started by who has read the configuration.
set -e
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers offhook.conf
elif ! getent passwd offhook >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/offhook --shell /usr/sbin/nologin offhook
fi
chown root:offhook /etc/offhook/offhook.toml # it may hold passwords
chmod 0640 /etc/offhook/offhook.toml
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart offhook.service offhook-monitor.service
fi
