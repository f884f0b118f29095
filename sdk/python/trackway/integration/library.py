"""Importing the library that an integration is for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def required(module: str, package: str) -> Any:
    """The module; ImportError that names the package to install when its library is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A library that is there but lacks something of its own says so itself.
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        message = f'this integration needs the package "{package}": pip install {package}'
        raise ModuleNotFoundError(message, name=error.name) from error
