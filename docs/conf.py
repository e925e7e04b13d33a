"""How Sphinx makes the site of these pages: `make docs`, from the root of the repository.

The pages are Markdown that reads well without it. Nothing is fetched: the theme brings its own
styles and uses the reader's own fonts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import rlcore

sys.path.insert(0, str(Path(__file__).parent))

project = "rlcore"
author = "the authors of rlcore"
project_copyright = author
version = release = rlcore.__version__
language = "en_GB"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "site_extension",
]
exclude_patterns = ["Thumbs.db"]
nitpicky = True

# Headings are anchors, as they are where the repository is read.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

smartquotes_action = "D"  # dashes alone: quotes stay as they are written

# What docstrings write in single backticks is code.
default_role = "literal"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_display_short_literal_types = True
maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"rlcore {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"
