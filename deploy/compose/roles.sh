#!/bin/sh
# Runs once, when PostgreSQL's data folder is made: the statements of `slipway database-roles`, with this
# installation's passwords. A test holds the two equal.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$SLIPWAY_OWNER_PASSWORD" --set application="$SLIPWAY_APP_PASSWORD" <<'SQL'
CREATE ROLE slipway_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner';
CREATE ROLE slipway_app LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'application';
CREATE ROLE slipway_system NOLOGIN NOBYPASSRLS;
CREATE ROLE slipway_person NOLOGIN NOBYPASSRLS;
GRANT slipway_system, slipway_person TO slipway_app;
ALTER ROLE slipway_app SET plan_cache_mode = force_custom_plan;
CREATE DATABASE "slipway" OWNER slipway_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE "slipway" FROM PUBLIC;
GRANT CONNECT ON DATABASE "slipway" TO slipway_app;
\connect slipway
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO slipway_owner;
GRANT USAGE ON SCHEMA public TO slipway_app, slipway_system, slipway_person;
SQL
