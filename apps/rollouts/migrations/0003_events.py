"""Events, by RANGE of the rollout's UUIDv7: months detach whole and (rollout, number) stays unique.

Nobody but the owner touches a partition: read directly, one shows every organization. There is no default
partition, since it would forbid DETACH CONCURRENTLY; months are made ahead by `slipway_make_event_months`.
"""

from django.db import migrations

from apps.core.tenancy import wall_statements

_TABLE = """
CREATE TABLE event (
  organization_id uuid NOT NULL, rollout_id uuid NOT NULL, number int NOT NULL CHECK (number > 0),
  at timestamptz NOT NULL, kind text NOT NULL, body jsonb NOT NULL,
  PRIMARY KEY (organization_id, rollout_id, number)
) PARTITION BY RANGE (rollout_id)
"""
_FLOOR = """
CREATE FUNCTION slipway_rollout_id_floor(t timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
  FROM (SELECT lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') h) x $$
"""
_MONTHS = """
CREATE FUNCTION slipway_make_event_months(ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  month timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  made int := 0;
  name text;
BEGIN
  FOR i IN -1 .. least(ahead, 24) LOOP
    name := 'event_' || to_char((month + make_interval(months => i)) AT TIME ZONE 'UTC', 'YYYYMM');
    IF to_regclass('public.' || name) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE %I PARTITION OF event FOR VALUES FROM (%L) TO (%L)', name,
        slipway_rollout_id_floor((((month AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC')),
        slipway_rollout_id_floor((((month AT TIME ZONE 'UTC') + make_interval(months => i + 1)) AT TIME ZONE 'UTC')));
      EXECUTE format('REVOKE ALL ON %I FROM slipway_app, slipway_system, slipway_person', name);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("rollouts", "0002_walls")]

    operations = [
        migrations.RunSQL(
            [
                _TABLE,
                *wall_statements("event", "organization_id", append_only=True),
                _FLOOR,
                _MONTHS,
                "REVOKE ALL ON FUNCTION slipway_make_event_months(int) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION slipway_make_event_months(int) TO slipway_app, slipway_system",
                "SELECT slipway_make_event_months(3)",
                "ALTER TABLE rollout ADD CONSTRAINT rollout_id_is_v7 CHECK (substr(id::text, 15, 1) = '7')",
            ],
            [
                "ALTER TABLE rollout DROP CONSTRAINT rollout_id_is_v7",
                "DROP TABLE event",
                "DROP FUNCTION slipway_make_event_months(int)",
                "DROP FUNCTION slipway_rollout_id_floor(timestamptz)",
            ],
        ),
    ]
