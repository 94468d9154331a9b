# Starts Redis as cache and broker: nothing is evicted, every write is appended to a log on the volume.
# Runs in the official image and in one of plain Debian binaries, as any user, with a read-only root.
# The password goes into a file: a command line can be read by every process.
set -eu
umask 077

bin=
for folder in /usr/local/bin /usr/bin; do
  if [ -x "$folder/redis-server" ]; then bin=$folder/redis-server; fi
done
if [ -z "$bin" ]; then
  echo "no redis-server in /usr/local/bin, /usr/bin" >&2
  exit 1
fi

printf '%s\n' \
  'bind 0.0.0.0' \
  'port 6379' \
  'protected-mode yes' \
  'dir /data' \
  'appendonly yes' \
  'appendfsync everysec' \
  'save ""' \
  'maxmemory-policy noeviction' \
  "maxmemory $REDIS_MAXMEMORY" \
  "requirepass \"$REDIS_PASSWORD\"" \
  >/tmp/redis.conf
exec "$bin" /tmp/redis.conf
