"""The packages that the linter is measured on, pinned, and where they are kept between runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """One package, what to install for it, and what makes it different from the others."""

    package: str
    requirements: tuple[str, ...]
    """Pinned, the package itself first, with all that its modules need to be imported."""

    why: str

    @property
    def title(self) -> str:
        """The name and version, for the table."""
        return self.requirements[0].replace("==", " ")


TARGETS = (
    Target(
        "requests",
        ("requests==2.34.2", "urllib3==2.8.0", "idna==3.20", "certifi==2026.10.18", "charset-normalizer==3.5.2"),
        "plain from-imports, a compatibility module",
    ),
    Target(
        "flask",
        (
            "flask==3.1.3",
            "werkzeug==3.1.9",
            "jinja2==3.1.6",
            "markupsafe==3.0.4",
            "click==8.5.1",
            "itsdangerous==2.2.0",
            "blinker==1.9.0",
        ),
        "proxies, signals, re-exports of other packages",
    ),
    Target("click", ("click==8.5.1",), "one big re-exporting package, instances of parameter types"),
    Target(
        "rich",
        ("rich==15.0.0", "pygments==2.21.0", "markdown-it-py==4.3.0", "mdurl==0.1.2"),
        "default arguments, tables of instances, imports within functions",
    ),
    Target("jinja2", ("jinja2==3.1.6", "markupsafe==3.0.4"), "decorators, tables of functions, a metaclass"),
    Target("werkzeug", ("werkzeug==3.1.9", "markupsafe==3.0.4"), "generated exceptions, own descriptors, mixins"),
    Target("attr", ("attrs==26.1.0",), "code that is generated at run time, classes decorated"),
    Target("marshmallow", ("marshmallow==4.4.0",), "metaclasses, a registry of classes"),
    Target(
        "sqlalchemy", ("sqlalchemy==2.1.9", "typing-extensions==4.16.0"), "visitors, lazy modules, deep hierarchies"
    ),
    Target("networkx", ("networkx==3.6.1",), "star imports throughout, every function decorated"),
    Target("pygments", ("pygments==2.21.0",), "plugins, lazily imported, token types made by access"),
    Target("docutils", ("docutils==0.23",), "plugin registries by name, visitors, tables of classes"),
    Target("more_itertools", ("more-itertools==11.2.1",), "two star imports, aliases of functions"),
    Target("markdown_it", ("markdown-it-py==4.3.0", "mdurl==0.1.2"), "dataclasses, tables of rules, protocols"),
)


class NotInstallableError(Exception):
    """A target could not be installed; the message says why."""


def target(package: str) -> Target:
    """Return the target with a package name; raises KeyError for one that is not listed."""
    return {item.package: item for item in TARGETS}[package]


def installed(wanted: Target) -> Path:
    """Return the directory that holds a target's packages, after installing them there if need be.

    Raises:
        NotInstallableError: pip could not install them.
    """
    pins = sha256("\n".join(wanted.requirements).encode()).hexdigest()[:8]
    version = f"py{sys.version_info.major}.{sys.version_info.minor}"
    directory = cache_directory() / version / f"{wanted.package}-{pins}"
    ready = directory.with_name(f"{directory.name}.ready")
    if not ready.exists():
        install(wanted, directory)
        ready.touch()
    return directory


def install(wanted: Target, directory: Path) -> None:
    """Install a target's pinned requirements, and nothing else, into a directory."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    directory.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*command, "--upgrade", "--target", str(directory), *wanted.requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["pip failed"]
        raise NotInstallableError(f"{wanted.title} could not be installed: {said[-1]}")


def cache_directory() -> Path:
    """Return where targets and the interpreter's answers are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "stalecheck-agreement"
