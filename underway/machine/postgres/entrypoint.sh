#!/bin/bash
# Honours the official postgres image's variables: the first start makes the cluster, the user,
# the database and runs /docker-entrypoint-initdb.d; then the server takes this process's place.
set -euo pipefail

main() {
    if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
    if [ "$1" != postgres ]; then exec "$@"; fi
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        chmod 700 "$PGDATA"
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    export POSTGRES_USER="${POSTGRES_USER:-postgres}"
    export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        refuse_without_password
        make_cluster
        # On its socket only: nobody outside takes the first start's server for a finished one.
        pg_ctl --wait --silent start --options "$(printf '%q ' "${@:2}" -c listen_addresses=)"
        make_database
        run_scripts
        pg_ctl --wait --silent --mode fast stop
        echo "PostgreSQL init process complete; ready for start up."
    fi
    exec "$@"
}

refuse_without_password() {
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        cat >&2 <<'ERROR'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser,
       or POSTGRES_HOST_AUTH_METHOD=trust to allow all connections without a password.
ERROR
        exit 1
    fi
}

make_cluster() {
    # The variable holds arguments, quoted as in a shell.
    eval "set -- ${POSTGRES_INITDB_ARGS:-}"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") "$@"
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" \
        >>"$PGDATA/pg_hba.conf"
}

sql() {
    PGPASSWORD="${POSTGRES_PASSWORD:-}" psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet \
        --username "$POSTGRES_USER" --dbname "$@"
}

make_database() {
    if [ "$POSTGRES_DB" != postgres ]; then
        sql postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
    fi
}

run_scripts() {
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) sql "$POSTGRES_DB" --file "$file" ;;
        esac
    done
}

main "$@"
