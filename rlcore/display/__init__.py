"""What a person sees of a job and of its learning curve: on a terminal, in a notebook, as a file.

Only `watch` on a terminal needs rich, only `plot_png` needs matplotlib; both are imported then.
"""

from rlcore.display.html import curve_html, job_html
from rlcore.display.plots import plot_png
from rlcore.display.text import curve_text, outcome_text
from rlcore.display.watch import View, watch

__all__ = [
    "View",
    "curve_html",
    "curve_text",
    "job_html",
    "outcome_text",
    "plot_png",
    "watch",
]
