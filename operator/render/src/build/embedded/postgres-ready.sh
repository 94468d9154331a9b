for folder in /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin; do
  if [ -x "$folder/pg_isready" ]; then exec "$folder/pg_isready" -q -h 127.0.0.1 -p 5432 -U postgres -d postgres; fi
done
echo "no pg_isready" >&2
exit 1
