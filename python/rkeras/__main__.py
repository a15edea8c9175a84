"""Runs a Keras or TensorFlow script on rkeras: ``python -m rkeras script.py [arguments]``."""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import sys
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType, TracebackType
from typing import Any

_USAGE = """usage: python -m rkeras [-c code | -m module | script | -] [arguments]

Runs a program as python does, except that what it imports from keras, tf_keras and tensorflow comes from
rkeras."""


class _Refusal(Exception):
    """There is no program to run."""


def _from_spec(spec: ModuleSpec | None, what: str) -> tuple[CodeType, dict[str, Any]]:
    loader: Any = spec.loader if spec else None
    code = loader.get_code(spec.name) if spec and hasattr(loader, "get_code") else None
    if spec is None or code is None:
        raise _Refusal(f"{sys.executable}: {what}")
    attributes = {
        "__spec__": spec,
        "__loader__": loader,
        "__file__": spec.origin,
        "__cached__": spec.cached,
        "__package__": spec.parent,
    }
    return code, attributes


def _module(name: str) -> tuple[CodeType, dict[str, Any]]:
    missing = f"No module named {name}"
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            missing = f"No module named {name}.__main__; {name!r} is a package and cannot be directly executed"
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise _Refusal(f"{sys.executable}: Error while finding module specification for {name!r} ({error})") from None
    return _from_spec(spec, missing)


def _script(path: str) -> tuple[CodeType, dict[str, Any]]:
    if path == "-":
        return compile(sys.stdin.read(), "<stdin>", "exec", dont_inherit=True), {}
    full = os.path.abspath(path)
    importer: Any = pkgutil.get_importer(full)
    if importer is not None:
        # A directory or an archive with a __main__ in it.
        _set_first_path(full)
        return _from_spec(importer.find_spec("__main__"), f"can't find '__main__' module in {full!r}")
    _set_first_path(os.path.dirname(os.path.realpath(full)))
    try:
        with open(full, "rb") as file:
            source = file.read()
    except OSError as error:
        raise _Refusal(f"{sys.executable}: can't open file {full!r}: [Errno {error.errno}] {error.strerror}") from None
    return compile(source, full, "exec", dont_inherit=True), {"__file__": full}


def _set_first_path(path: str) -> None:
    # With -P and -I, python puts nothing there: what comes first must stay.
    if not getattr(sys.flags, "safe_path", False) and not sys.flags.isolated:
        sys.path[0] = path


def _program(arguments: list[str]) -> tuple[CodeType, dict[str, Any]]:
    """Code and module attributes of the program; sets ``sys.argv`` and ``sys.path`` as python does for it."""
    first, rest = arguments[0], arguments[1:]
    if first in ("-c", "-m"):
        if not rest:
            raise _Refusal(f"Argument expected for the {first} option\n{_USAGE}")
        sys.argv = [first, *rest[1:]]
        if first == "-c":
            _set_first_path("")
            return compile(rest[0], "<string>", "exec", dont_inherit=True), {}
        code, attributes = _module(rest[0])
        sys.argv[0] = attributes["__file__"]
        return code, attributes
    sys.argv = [first, *rest]
    return _script(first)


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback


def main(arguments: list[str]) -> int:
    """Runs a program given as the arguments of ``python -m rkeras``.

    Args:
        arguments: ``script.py …``, ``-m module …``, ``-c code …`` or ``- …``.

    Returns:
        An exit code if there was nothing to run. Exceptions of the program reach the caller.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    from rkeras.compat.redirect import install_as_keras

    install_as_keras()
    try:
        code, attributes = _program(arguments)
        program = ModuleType("__main__")
        # Unlike other modules a program has the builtins module itself.
        vars(program).update({"__builtins__": sys.modules["builtins"], **attributes})
        sys.modules["__main__"] = program
        exec(code, vars(program))
    except _Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1 if arguments[0] == "-m" else 2
    except SystemExit:
        raise
    except BaseException as error:
        _show_as_python_does(error)
        raise
    return 0


def _show_as_python_does(error: BaseException) -> None:
    """Lets the traceback that is printed in the end begin where the program does."""
    hook = sys.excepthook
    traceback = _without_own_frames(error.__traceback__)

    def excepthook(kind: type[BaseException], value: BaseException, own: TracebackType | None) -> None:
        del own
        hook(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = excepthook


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
