"""How collected static files are named."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]  # it has no stubs


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # same
    """By their content, and so are the modules that our scripts import: otherwise a browser would run a new script with
    the old module that it kept, and a module that is known by two names would run twice, each with a socket of its own.

    Ours alone: Django's own switch for this follows the imports of every package's scripts, and some of those name files
    that their package does not carry.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            (
                (r"""(?P<matched>from\s*["'](?P<url>\.[^"']+)["'])""", """from "%(url)s\""""),
                (r"""(?P<matched>import\s*["'](?P<url>\.[^"']+)["'])""", """import "%(url)s\""""),
                (r"""(?P<matched>import\(["'](?P<url>\.[^"']+)["']\))""", """import("%(url)s")"""),
            ),
        ),
    )
