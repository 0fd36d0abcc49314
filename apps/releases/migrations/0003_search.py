"""Search by parts of words. Under row-level security LIKE may use no index (it is not leakproof), so these functions
look as the tables' owner, filter by the organization of the scope themselves, and answer ids and small numbers only.

The statements are executed as text: each is planned for its own words. A kept plan would be made for a rare word and
used for a frequent one (or in a small organization and used in a large one).
"""

from django.db import migrations

_OPENED_TO_THE_APPLICATION = """
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name} TO slipway_app
"""

# `slipway_within`: a word of less than three letters holds no three letters for the index, so it has to begin a word
# (every text that is searched so begins with a blank); a longer one may stand anywhere.
_PATTERN = r"""
CREATE FUNCTION slipway_pattern(word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') $$
"""
_WITHIN = """
CREATE FUNCTION slipway_within(word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT CASE WHEN length(word) < 3 THEN '% ' ELSE '%' END || slipway_pattern(word) || '%' $$
"""

# Those that contain every word come first; of the others one learns which words they contain (a bit each). Only when
# none contains any, those that sound alike.
_APPLICATIONS = """
CREATE FUNCTION slipway_search_applications(words text[], most integer)
RETURNS TABLE (application uuid, matched integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  tenant uuid := current_setting('slipway.organization')::uuid;
  everything text[] := ARRAY(SELECT '%' || slipway_pattern(word) || '%' FROM unnest(words) word);
BEGIN
  RETURN QUERY EXECUTE $q$
    SELECT found.id, sum(found.bit)::integer
    FROM unnest($2) WITH ORDINALITY AS sought (word, position)
    CROSS JOIN LATERAL (
      SELECT a.id, a.slug, 1 << (sought.position::integer - 1) AS bit
      FROM application a
      WHERE a.organization_id = $1
        AND lower(a.slug || ' ' || a.name) LIKE '%' || slipway_pattern(sought.word) || '%'
      ORDER BY lower(a.slug || ' ' || a.name) LIKE ALL ($3) DESC,
        lower(a.slug) = sought.word DESC, lower(a.name) = sought.word DESC,
        starts_with(lower(a.slug || ' ' || a.name), sought.word) DESC, length(a.slug), a.slug
      LIMIT $4
    ) found
    GROUP BY found.id
    ORDER BY bit_count(sum(found.bit)::integer::bit(16)) DESC, bool_or(found.slug = ANY ($2)) DESC,
      bool_or(starts_with(found.slug, sought.word)) DESC, min(length(found.slug)), min(found.slug)
    LIMIT $4
  $q$ USING tenant, words, everything, most;
  IF NOT FOUND THEN
    RETURN QUERY EXECUTE $q$
      SELECT a.id, 0 FROM application a
      WHERE a.organization_id = $1 AND lower(a.slug || ' ' || a.name) %> $2
      ORDER BY word_similarity($2, lower(a.slug || ' ' || a.name)) DESC, a.slug LIMIT $3
    $q$ USING tenant, array_to_string(words, ' '), most;
  END IF;
END $$
"""

# Tiers: 1 the version begins so, 2 a commit's hash or an issue's key, 3 anywhere in version, branch, commit or notes,
# 4 in the subject of a commit. Within a tier the newest first (ids are made in the order of time).
_RELEASES = """
CREATE FUNCTION slipway_search_releases(words text[], most integer)
RETURNS TABLE (release uuid, tier integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  tenant uuid := current_setting('slipway.organization')::uuid;
  everything text[] := ARRAY(SELECT slipway_within(word) FROM unnest(words) word ORDER BY length(word) DESC);
  -- The two that say most are given to the index, the others filter.
  one text := everything[1];
  two text := coalesce(everything[2], everything[1]);
  longest text := (SELECT word FROM unnest(words) word ORDER BY length(word) DESC LIMIT 1);
BEGIN
  IF cardinality(words) = 1 THEN
    RETURN QUERY EXECUTE $q$
      SELECT r.id, 1 FROM release r WHERE r.organization_id = $1 AND lower(r.version) LIKE $2
      ORDER BY r.id DESC LIMIT $3
    $q$ USING tenant, slipway_pattern(longest) || '%', most;
    IF longest ~ '^[0-9a-f]{4,64}$' THEN
      RETURN QUERY EXECUTE $q$
        SELECT c.release_id, 2 FROM release_commit c
        WHERE c.organization_id = $1 AND c.sha BETWEEN $2 AND $3 LIMIT $4
      $q$ USING tenant, decode(rpad(longest, 64, '0'), 'hex'), decode(rpad(longest, 64, 'f'), 'hex'), most;
    END IF;
    RETURN QUERY EXECUTE $q$
      SELECT i.release_id, 2 FROM release_issue i WHERE i.organization_id = $1 AND i.issue_key LIKE $2
      ORDER BY i.release_id DESC LIMIT $3
    $q$ USING tenant, upper(slipway_pattern(longest)) || '%', most;
  END IF;
  IF length(longest) < 2 THEN
    RETURN;  -- whoever types on is answered
  END IF;
  RETURN QUERY EXECUTE $q$
    SELECT r.id, 3 FROM release r
    WHERE r.organization_id = $1
      AND lower(' ' || r.version || ' ' || r.branch || ' ' || r.commit_sha || ' ' || left(r.notes, 500)) LIKE $2
      AND lower(' ' || r.version || ' ' || r.branch || ' ' || r.commit_sha || ' ' || left(r.notes, 500)) LIKE $3
      AND lower(' ' || r.version || ' ' || r.branch || ' ' || r.commit_sha || ' ' || left(r.notes, 500)) LIKE ALL ($4)
    ORDER BY r.id DESC LIMIT $5
  $q$ USING tenant, one, two, everything[3:], most;
  RETURN QUERY EXECUTE $q$
    SELECT c.release_id, 4 FROM release_commit c
    WHERE c.organization_id = $1 AND lower(' ' || c.subject) LIKE $2 AND lower(' ' || c.subject) LIKE $3
      AND lower(' ' || c.subject) LIKE ALL ($4)
    ORDER BY c.id DESC LIMIT $5
  $q$ USING tenant, one, two, everything[3:], most;
END $$
"""

_RELEASES_OF = """
CREATE FUNCTION slipway_search_releases_of(application uuid, words text[], most integer) RETURNS TABLE (release uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  RETURN QUERY EXECUTE $q$
    SELECT r.id FROM release r
    WHERE r.organization_id = $1 AND r.application_id = $2
      AND lower(' ' || r.version || ' ' || r.branch || ' ' || r.commit_sha || ' ' || left(r.notes, 500)) LIKE ALL ($3)
    ORDER BY r.number DESC LIMIT $4
  $q$ USING current_setting('slipway.organization')::uuid, application,
    ARRAY(SELECT '%' || slipway_pattern(word) || '%' FROM unnest(words) word), most;
END $$
"""

_INDEXES = {
    "application_search": (
        "application USING gin (organization_id, lower(slug || ' ' || name) gin_trgm_ops)"
    ),
    "release_search": (
        "release USING gin (organization_id, "
        "lower(' ' || version || ' ' || branch || ' ' || commit_sha || ' ' || left(notes, 500)) gin_trgm_ops)"
    ),
    "release_search_version": "release (organization_id, lower(version) text_pattern_ops)",
    "release_commit_search": "release_commit USING gin (organization_id, lower(' ' || subject) gin_trgm_ops)",
}
_FUNCTIONS = {
    "slipway_search_applications(text[], integer)": _APPLICATIONS,
    "slipway_search_releases(text[], integer)": _RELEASES,
    "slipway_search_releases_of(uuid, text[], integer)": _RELEASES_OF,
}


class Migration(migrations.Migration):
    dependencies = [("releases", "0002_walls"), ("applications", "0003_walls")]

    operations = [
        migrations.RunSQL(
            ["CREATE EXTENSION IF NOT EXISTS pg_trgm", "CREATE EXTENSION IF NOT EXISTS btree_gin"],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            [f"CREATE INDEX {name} ON {on}" for name, on in _INDEXES.items()],
            [f"DROP INDEX {name}" for name in _INDEXES],
        ),
        migrations.RunSQL(
            [
                _PATTERN,
                _WITHIN,
                *_FUNCTIONS.values(),
                *(_OPENED_TO_THE_APPLICATION.format(name=name) for name in _FUNCTIONS),
            ],
            [
                *(f"DROP FUNCTION {name}" for name in _FUNCTIONS),
                "DROP FUNCTION slipway_within(text)",
                "DROP FUNCTION slipway_pattern(text)",
            ],
        ),
    ]
