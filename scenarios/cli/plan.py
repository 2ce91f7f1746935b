"""fugai plan: where county sub-centres and emergency stations should be; the plans are scenario files again."""

import argparse

from planner.errors import Language, Text
from scenarios.cli import plan_centers, plan_emergency, plan_rural, plan_subcenters

ABOUT = Text(
    "布局方案：次中心、急救站设在哪里最好（有证明、有理由），写成可以再运行的方案文件",
    "plan sub-centres or emergency stations: proven, with reasons, as scenario files",
)
_ACTIONS = {"subcenters": plan_subcenters, "emergency": plan_emergency, "rural": plan_rural, "centers": plan_centers}


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the two kinds of plan."""
    actions = parser.add_subparsers(
        dest="action",
        required=True,
        metavar=Text("方案", "PLAN").say(language),
        title=Text("方案", "plans").say(language),
    )
    for name, module in _ACTIONS.items():
        said = module.ABOUT.say(language)
        action = actions.add_parser(name, help=said, description=said)
        module.add_arguments(action, language)
        action.add_argument(
            "--lang", choices=["zh", "en"], default=argparse.SUPPRESS,
            help=Text("界面语言（默认 zh）", "language of messages (default zh)").say(language),
        )  # fmt: skip
        action.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS,
            help=Text("出错时显示完整的调用栈", "show the traceback of an error").say(language),
        )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Make the plan into OUT."""
    _ACTIONS[options.action].run(options)
