"""A user's inference code, called as SageMaker's inference toolkits call it.

`model_fn(model_dir)` loads the model. A request then goes through `input_fn(body, content_type)`,
`predict_fn(data, model)` and `output_fn(prediction, accept)`, or through `transform_fn(model, body,
content_type, accept)` in their place. Each may take the toolkits' context as one argument more,
which is None here.
"""

import difflib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, List, Sequence

from . import defaults
from .defaults import Refused
from .frames import JSON, Answer, Request, refusal
from .manifest import MANIFEST

_STEPS = {"input_fn": 2, "predict_fn": 2, "output_fn": 2}  # with how many arguments they have
_FUNCTIONS = dict(_STEPS, model_fn=1, transform_fn=4)
_DEFAULTS = {
    "input_fn": defaults.decode,
    "predict_fn": defaults.predict,
    "output_fn": defaults.encode,
}
_TEXTS = (JSON, "text/csv")  # the toolkits hand these on as text
_NEAR = 0.7


class InvalidHandlers(ValueError):
    """Inference code that lacks a function, or has functions that exclude each other."""


class Handlers:
    """A model behind a user's functions.

    Attributes:
        names: Empty: what the user's code asks is not known.
        batches: False: the functions take one request.
    """

    names = ()  # type: Sequence[str]
    batches = False

    def __init__(self, module: ModuleType, model_folder: Path, *, strict: bool = False) -> None:
        """Load the model.

        Args:
            module: The user's code.
            model_folder: Where the model's files are.
            strict: Whether policies of ours refuse observations outside their bounds.

        Raises:
            InvalidHandlers: It lacks `model_fn` where there is no policy of ours, or has functions
                that exclude each other.
        """
        given = _functions(module)  # type: Dict[str, Any]
        if "model_fn" in given:
            self._model = given["model_fn"](str(model_folder))
        elif (model_folder / MANIFEST).is_file():
            from .policies import load  # noqa: PLC0415 - needs numpy

            self._model = load(str(model_folder), strict)
        else:
            msg = "{} must define model_fn(model_dir), which loads the model{}"
            raise InvalidHandlers(msg.format(module.__name__, _did_you_mean(module, "model_fn")))
        self._input, self._predict, self._output = (
            given.get(name, default) for name, default in _DEFAULTS.items()
        )
        self._transform = given.get("transform_fn", self._by_steps)

    def respond(self, requests: Sequence[Request]) -> List[Answer]:
        """Return an answer to each request; an error of the user's code is one as well."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Answer:
        content_type = request.content_type or JSON
        accept = request.accept if request.accept not in ("", "*/*") else JSON
        try:
            body = request.body  # type: Any
            if content_type.partition(";")[0].strip().lower() in _TEXTS:
                body = defaults.text(body)
            return _written(self._transform(self._model, body, content_type, accept), accept)
        except Refused as error:
            return refusal(error.status, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
            traceback.print_exc()
            return refusal(500, f"{type(error).__name__}: {error}")

    def _by_steps(self, model: Any, body: Any, content_type: str, accept: str) -> Any:
        return self._output(self._predict(self._input(body, content_type), model), accept)


def import_program(code: Path, program: str) -> ModuleType:
    """Import a user's inference code, its folder first on the path.

    Args:
        code: The folder that all of the code is in.
        program: The file in it.

    Raises:
        InvalidHandlers: There is no such file.
    """
    path = code / program
    if path.suffix != ".py" or not path.is_file():
        found = ", ".join(sorted(each.name for each in code.glob("*.py"))) or "no Python file"
        msg = f"the inference code has no Python file {program!r}; there is {found}"
        raise InvalidHandlers(msg)
    for folder in (code, path.parent):
        sys.path[:] = [str(folder)] + [each for each in sys.path if each != str(folder)]
    # A file may have the name of a module that is in use already.
    name = path.stem if path.stem not in sys.modules else "_program_" + path.stem
    spec = importlib.util.spec_from_file_location(name, str(path))
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[name] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def _functions(module: ModuleType) -> Dict[str, Callable[..., Any]]:
    """Return the module's functions by the names that are known.

    Raises:
        InvalidHandlers: Some exclude each other.
    """
    given = {
        name: _taking(getattr(module, name), count)
        for name, count in _FUNCTIONS.items()
        if hasattr(module, name)
    }
    if not given:
        hints = sorted({_did_you_mean(module, name) for name in _FUNCTIONS} - {""})
        msg = "{} defines none of {}{}"
        names = ", ".join(sorted(_FUNCTIONS))
        raise InvalidHandlers(msg.format(module.__name__, names, "".join(hints[:1])))
    steps = [name for name in _STEPS if name in given]
    if "transform_fn" in given and steps:
        msg = (
            "transform_fn takes the place of input_fn, predict_fn and output_fn; {} has {} as well"
        )
        raise InvalidHandlers(msg.format(module.__name__, ", ".join(steps)))
    for name in set(_FUNCTIONS) - set(given) - set(_STEPS if "transform_fn" in given else ()):
        hint = _did_you_mean(module, name)
        if hint:
            print(f"warning: {module.__name__} has no {name}{hint}", file=sys.stderr)
    return given


def _taking(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return a function of so many arguments, for one that may take the toolkits' context too."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return lambda *arguments: function(*arguments, None)
    except ValueError:  # a builtin, which does not tell
        return function
    return function


def _did_you_mean(module: ModuleType, name: str) -> str:
    """Return a hint to a function of the module that may be meant by a name."""
    candidates = [
        each
        for each, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and each not in _FUNCTIONS
        and not each.startswith("_")
    ]
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=_NEAR)
    return f"; it has {near[0]!r}, which nobody calls: is that meant?" if near else ""


def _written(result: Any, accept: str) -> Answer:
    """Return what `transform_fn` or `output_fn` returned as an answer."""
    pair = isinstance(result, tuple) and len(result) == 2  # noqa: PLR2004 - body and type
    if pair and isinstance(result[1], str):
        result, accept = result
    if isinstance(result, str):
        result = result.encode()
    if not isinstance(result, (bytes, bytearray)):
        result, accept = defaults.encode(result, accept)
    return Answer(200, accept, bytes(result))
