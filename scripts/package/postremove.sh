#!/bin/sh
# After the files have gone. Recordings, records and logs stay until 'apt-get purge'; so does their user.
set -e
if [ "${1:-}" = purge ]; then
  rm -rf /etc/offhook /var/lib/offhook /var/log/offhook
  if getent passwd offhook >/dev/null; then userdel offhook; fi
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
