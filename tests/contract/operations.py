"""Which operations the engine serves, read from its source, and which of them the tests have held each peer to.

An operation is held where a test that passed has called it, in its own body, and it was carried out.
"""

from __future__ import annotations

import collections
import functools
import re
from pathlib import Path

LOCAL = Path(__file__).resolve().parent.parent.parent / "local" / "src"

_current: str | None = None
_called: dict[str, set[tuple[str, str]]] = collections.defaultdict(set)
_held: set[tuple[str, str]] = set()


def begin(test: str | None) -> None:
    """From now on it is this test that calls; none where a fixture does."""
    global _current
    _current = test


def called(peer: str, operation: str) -> None:
    """An operation was called and carried out."""
    if _current is not None:
        _called[_current].add((peer, operation))


def passed(test: str) -> None:
    """What the test called holds."""
    _held.update(_called.get(test, ()))


def held(peer: str) -> set[str]:
    return {operation for by, operation in _held if by == peer}


@functools.cache
def served() -> set[str]:
    """Every operation that the engine serves, such as `s3.PutObject`, `registry.GET Blob`."""
    sources = {path: path.read_text() for path in sorted(LOCAL.rglob("*.rs")) if "tests" not in path.parts and path.stem != "tests"}
    return {*_of_s3(sources), *_of_json(sources), *_of_registry(sources), *_of_containers(sources)}


def _found(what: str, operations: set[str]) -> set[str]:
    if not operations:
        raise LookupError(f"no operation of {what} is to be found in {LOCAL}: it is written in another way now")
    return operations


def _of_s3(sources: dict[Path, str]) -> set[str]:
    """The lines of the table that makes the service: `put_object(PutObjectInput) -> …`."""
    text = sources[LOCAL / "s3" / "api.rs"]
    return _found("S3", {f"s3.{name}" for name in re.findall(r"^\s+[a-z0-9_]+\((\w+)Input\) -> \w+ = \|", text, re.M)})


def _of_json(sources: dict[Path, str]) -> set[str]:
    """The arms of each service's `match operation`."""
    operations: set[str] = set()
    for path, text in sources.items():
        if "impl JsonService for" in text and "match operation" in text:
            service = path.relative_to(LOCAL).parts[0]
            names = re.findall(r'^\s+"([A-Z]\w+)" =>', text, re.M)
            operations |= _found(service, {f"{service}.{name}" for name in names})
    # The services that requests are told apart by, each of which must have been found.
    for service in re.findall(r'Self::\w+ => "(\w+)",', sources[LOCAL / "http" / "target.rs"]):
        _found(service, {name for name in operations if name.startswith(f"{service}.")})
    return operations


def _of_registry(sources: dict[Path, str]) -> set[str]:
    """The arms of the registry's `match`: `("HEAD" | "GET", Target::Blob(digest)) => …`."""
    text = sources[LOCAL / "ecr" / "registry" / "mod.rs"]
    arms = re.findall(r'^\s+\(((?:"[A-Z]+"(?: \| )?)+), Target::(\w+)', text, re.M)
    operations = {f"registry.{method} {target}" for methods, target in arms for method in re.findall(r"[A-Z]+", methods)}
    return _found("the registry", operations) | {"registry.GET Base"}


def _of_containers(sources: dict[Path, str]) -> set[str]:
    """The routes below `/_ecs/`."""
    routes = re.findall(r'\.route\(\s*"(/_ecs/[^"]+)"', "\n".join(sources.values()))
    return _found("the containers' endpoints", {f"containers.GET {route}" for route in routes})


def of_registry(method: str, path: str) -> str:
    """The name of a request to a registry."""
    targets = [
        (r"/v2/?$", "Base"), (r".*/tags/list$", "Tags"), (r".*/blobs/uploads/?$", "Uploads"),
        (r".*/blobs/uploads/[^/]+$", "Upload"), (r".*/blobs/[^/]+$", "Blob"), (r".*/manifests/[^/]+$", "Manifest"),
    ]
    target = next((name for pattern, name in targets if re.match(pattern, path)), path)
    return f"registry.{method} {target}"
