"""What an inspection of a script's work has said. Python 3.6, standard library alone.

Its last line of output that is a JSON object counts: `{"check": "export", "compared": 13, "equal":
13, "message": ""}`, with a message where a person must be warned.
"""

import json
from typing import Any, Dict, Optional

STAGE = "Checking model"
LIMIT = 120.0  # seconds that it has
_KILLED = 137
_LENGTH = 1000  # characters of a message


def found(exit_code: int, output: bytes) -> Dict[str, str]:
    """Return `warning` or `unchecked`, each with its line for a person; neither if all is well."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    answers = [answer for answer in map(_answer, lines) if answer is not None]
    if exit_code or not answers:
        return {"unchecked": "The model could not be checked: {}".format(_reason(exit_code, lines))}
    message = _one_line(str(answers[-1].get("message") or ""))
    return {"warning": message} if message else {}


def _answer(line: str) -> Optional[Dict[str, Any]]:
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and "check" in answer else None


def _reason(exit_code: int, lines: Any) -> str:
    if exit_code == _KILLED:
        return "the inspection was killed, after {:g} s at most.".format(LIMIT)
    said = _one_line(lines[-1]) if lines else "it said nothing"
    return "the inspection ended with {}: {}".format(exit_code, said)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LENGTH]
