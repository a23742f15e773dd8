#!/bin/sh
# One database for each service, with two users: <service>_owner owns the tables and migrates,
# <service> may connect; migrations give it its rights, table by table. Nobody else can connect.
# Safe to run again.
#
# Connects as psql's PG* variables say. Reads <SERVICE>_OWNER_PASSWORD and <SERVICE>_DATABASE_PASSWORD.
set -eu

for service in checkout payments members notifications; do
    prefix=$(printf %s "$service" | tr '[:lower:]' '[:upper:]')
    eval "OWNER_PASSWORD=\$${prefix}_OWNER_PASSWORD DATABASE_PASSWORD=\$${prefix}_DATABASE_PASSWORD"
    export OWNER_PASSWORD DATABASE_PASSWORD
    psql -X -q -v ON_ERROR_STOP=1 -v "service=$service" -v "owner=${service}_owner" \
        ${POSTGRES_USER:+-U "$POSTGRES_USER"} -d "${PGDATABASE:-postgres}" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv database_password DATABASE_PASSWORD

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[:'owner', :'service']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'database_password';

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8''', :'service', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";

\connect :"service"
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"service";
-- No table holds large objects; anybody could fill the disk with them. Only a superuser may say so.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)'
AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
SQL
done
