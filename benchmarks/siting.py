"""All of siting in one table: cover, p-median and p-center, capacitated, around the optimum."""

import os
import platform
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

PARTS = ("siting_cover", "siting_weighted", "siting_median", "siting_capacitated", "siting_around")
_PEERS = ("highspy", "spopt", "pulp", "numpy", "scipy", "numba")


def run(say: Callable[..., None], *, quick: bool) -> None:
    """Run every part that is there, in this order."""
    say("# 选址：与 spopt 并排测量\n")
    say("同一进程内先后运行，CPU 秒。倍数＝对手 ÷ fugai，大于 1 为 fugai 快。")
    say(
        f"{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}，{'，'.join(map(_said, _PEERS))}"
    )
    for name in PARTS:
        if find_spec(f"benchmarks.{name}") is None:
            say(f"\n（{name} 尚未编写）")
            continue
        import_module(f"benchmarks.{name}").run(say, quick=quick)


def _said(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} 未安装"
