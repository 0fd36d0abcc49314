"""Where templates and static files are: inside an installed wheel, or in the checkout."""

from pathlib import Path

import slipway

_package = Path(slipway.__file__).resolve().parent
_data = _package / "_data"
ROOT = _data if _data.is_dir() else _package.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
