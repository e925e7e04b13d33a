"""Warnings that point to the caller's own line, however deep in this package they arise."""

from __future__ import annotations

import sys
import warnings

# This package and what it calls hooks through: somebody's plugin is no caller of ours either.
_PASSED = ("rlcore", "pluggy")
_PLUGINS = "rl_plugin_"


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn of *text* at the line that led here from outside.

    Outside is what neither this package nor a plugin is. A plugin is known by its package's name,
    `rl_plugin_*`; an extension with another name is taken for the caller.
    """
    frame, level = sys._getframe(), 1  # noqa: SLF001 - importing inspect takes 30 ms
    while frame.f_back and _is_passed(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def _is_passed(module: str) -> bool:
    return module.partition(".")[0] in _PASSED or module.startswith(_PLUGINS)
