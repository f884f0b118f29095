"""Secrets out of what is recorded by itself: command lines, addresses and environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
# Parts of names behind which people keep secrets.
_SECRET_NAME = re.compile(
    r"(^|[^a-z])(pass(word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth(orization)?"
    r"|credentials?|cookie|session[_-]?id|dsn|signature|sig)($|[^a-z])|password|apikey|secret",
    re.IGNORECASE,
)
# What tokens look like wherever they stand: ours, and those of the services met most often in training scripts.
_SECRET_VALUE = re.compile(
    r"\b(trk_[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_[A-Za-z0-9]{16,}"
    r"|sk-[A-Za-z0-9_-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
# Bounded, and only at the start of a word: a megabyte of letters must not cost a minute.
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://\S+")


def is_secret_name(name: str) -> bool:
    """A name that announces a secret: ``AWS_SECRET_ACCESS_KEY``, ``--api-key``, ``password``."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    return _SECRET_NAME.search(spaced) is not None


def masked_url(url: str) -> str:
    """An address without password, token and secret parts of its query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc
    except ValueError:
        return MASK
    if "@" in host:
        # A user alone may be a token: https://ghp_…@github.com.
        user, _, place = host.rpartition("@")
        host = f"{MASK}@{place}" if user != "git" else host
    query = "&".join(_masked_pair(pair) for pair in parts.query.split("&"))
    return _SECRET_VALUE.sub(MASK, urlunsplit((parts.scheme, host, parts.path, query, parts.fragment)))


def masked_text(text: str) -> str:
    """A text without the tokens and passwords in addresses that can be recognised."""
    return _SECRET_VALUE.sub(MASK, _URL.sub(lambda found: masked_url(found.group()), text))


def masked_command(arguments: Iterable[str]) -> list[str]:
    """A command line: ``--token X`` and ``--token=X`` lose X."""
    masked = []
    hide = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide and not argument.startswith("-"):
            masked.append(MASK)
            hide = False
        elif equals and is_secret_name(name):
            masked.append(f"{name}={MASK}")
            hide = False
        else:
            masked.append(masked_text(argument))
            hide = argument.startswith("-") and is_secret_name(argument)
    return masked


def masked_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Environment variables, the values of those with secret names hidden."""
    return {
        name: MASK if is_secret_name(name) else masked_text(value)
        for name, value in sorted(variables.items())
    }


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={MASK}" if equals and is_secret_name(name) else pair
