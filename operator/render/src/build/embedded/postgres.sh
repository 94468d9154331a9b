# Starts PostgreSQL with one role and one database per service, and a role that may read statistics.
# Runs in the official image and in one of plain Debian binaries, under sh of bash, dash or busybox, as any user,
# with a read-only root. Safe to run again: what exists is kept, passwords are set to those of the environment.
# No double dollar sign here: Kubernetes would take it for an escape.
set -eu
umask 077
data=/data/postgres
socket=/tmp

bin=
for folder in /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin; do
  if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then bin=$folder; fi
done
if [ -z "$bin" ]; then
  echo "no postgres and initdb in /usr/lib/postgresql/*/bin, /usr/local/bin, /usr/bin" >&2
  exit 1
fi

if [ ! -s "$data/PG_VERSION" ]; then
  # An initdb that was cut short leaves only this folder behind.
  rm -rf "$data.new"
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  "$bin/initdb" --pgdata="$data.new" --username=postgres --pwfile=/tmp/password --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-instructions
  rm -f /tmp/password
  mv "$data.new" "$data"
fi
# A volume's group may have been given rights that PostgreSQL refuses.
chmod 0700 "$data"
rm -f "$data/postmaster.pid"

printf '%s\n' 'local all all scram-sha-256' 'host all all all scram-sha-256' >/tmp/pg_hba.conf

# One statement per line, against a server that nobody can reach yet. No statement is ever logged: it may hold a password.
single() {
  "$bin/postgres" --single -D "$data" -c log_min_error_statement=panic -c log_statement=none \
    -c password_encryption=scram-sha-256 postgres
}
# Doubles single quotes, without any tool.
quoted() {
  rest=$1
  result=
  while [ "$rest" != "${rest#*\'}" ]; do
    result="$result${rest%%\'*}''"
    rest=${rest#*\'}
  done
  printf '%s' "'$result$rest'"
}

existing=$(echo "SELECT 'role:' || rolname AS found FROM pg_roles UNION ALL SELECT 'database:' || datname FROM pg_database" | single)
statements=$(
  printf '%s\n' "ALTER ROLE postgres PASSWORD $(quoted "$POSTGRES_PASSWORD")"
  for service in task notification analytics; do
    case $service in
      task) password=$TASK_PASSWORD ;;
      notification) password=$NOTIFICATION_PASSWORD ;;
      analytics) password=$ANALYTICS_PASSWORD ;;
    esac
    case $existing in
      *"\"role:$service\""*) verb=ALTER ;;
      *) verb=CREATE ;;
    esac
    printf '%s\n' "$verb ROLE $service LOGIN PASSWORD $(quoted "$password")"
    case $existing in
      *"\"database:$service\""*) ;;
      *) printf '%s\n' "CREATE DATABASE $service OWNER $service" ;;
    esac
  done
  case $existing in
    *'"role:exporter"'*) verb=ALTER ;;
    *) verb=CREATE ;;
  esac
  printf '%s\n' "$verb ROLE exporter LOGIN PASSWORD $(quoted "$EXPORTER_PASSWORD")" 'GRANT pg_monitor TO exporter'
)
printf '%s\n' "$statements" | single >/dev/null
prepared=$(echo "SELECT 'prepared:' || count(*) AS found FROM pg_database JOIN pg_roles ON rolname = datname AND rolcanlogin WHERE datname IN ('task', 'notification', 'analytics')" | single)
case $prepared in
  *'"prepared:3"'*) ;;
  *)
    echo "the roles and databases task, notification, analytics could not be made" >&2
    exit 1
    ;;
esac

# Kubernetes stops a container with TERM, on which PostgreSQL waits for its clients; INT ends their sessions.
stopping=
"$bin/postgres" -D "$data" -c listen_addresses=0.0.0.0 -c port=5432 -c unix_socket_directories="$socket" \
  -c hba_file=/tmp/pg_hba.conf -c password_encryption=scram-sha-256 -c logging_collector=off &
server=$!
trap 'stopping=yes; kill -INT "$server"' TERM INT
code=0
wait "$server" || code=$?
if [ -n "$stopping" ]; then
  # The first wait was cut short by the signal.
  while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
fi
exit "$code"
