"""首页: what a run found, in words, and where each file leads; printed it is one A4 page to hand to whoever decides.

It has no script: text from data is escaped, and everything is there without one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from maps import style
from maps.coverage import Answer
from maps.furniture import Furniture

_MOST = 5
_STYLE = """
body { max-width: 960px; margin: 0 auto; padding: 28px 24px; color: var(--ink); background: var(--paper);
  font: 14px/1.6 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 24px; } h2 { margin: 28px 0 6px; font-size: 15px; border-bottom: 1px solid var(--rule); }
p { margin: 4px 0; } .quiet, small { color: var(--soft-ink); } small { display: block; font-size: 12px; }
.notice { display: inline-block; padding: 2px 10px; color: var(--notice-ink); background: var(--notice-ground); }
.alarm { padding: 4px 12px; color: var(--paper); background: var(--gap); font-weight: 700; }
.strong { font-weight: 700; } .gap { color: var(--gap); font-weight: 700; } .gain { color: var(--gain); font-weight: 700; }
ol { margin: 0; padding: 0; list-style: none; } li { display: grid; grid-template-columns: 11em 1fr; gap: 16px; padding: 10px 0; border-bottom: 1px solid var(--hair); align-items: baseline; }
li b { font-size: 26px; line-height: 1.2; text-align: right; white-space: nowrap; } li b span { font-size: 13px; font-weight: 400; }
table { width: 100%; border-collapse: collapse; } td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--hair); vertical-align: top; }
a { color: var(--gain); } footer { margin-top: 28px; font-size: 12px; color: var(--soft-ink); }
@page { size: A4; margin: 14mm; }
@media print { body { padding: 0; max-width: none; font-size: 12px; } a { color: inherit; text-decoration: none; } li b { font-size: 20px; } .files { display: none; } li { padding: 6px 0; } h2 { margin-top: 14px; } }
@media (max-width: 600px) { li { grid-template-columns: 1fr; gap: 2px; } li b { text-align: left; } }
"""


@dataclass(frozen=True)
class Link:
    """A file of the run: its name, and what one does with it."""

    file: str
    about: str


def home_page(
    answers: Sequence[Answer], links: Sequence[Link], map_file: str, furniture: Furniture, alarm: str = "", told: Sequence[str] = ()
) -> str:  # fmt: skip
    """Return the page: the gaps that concern most, what could not be judged, what is met, and the files; same input, same bytes.

    `told` are sentences of a scenario (what it changes), which come first.
    """
    gaps = [one for one in answers if one.status == "not_met"]
    unknown = [one for one in answers if one.status == "no_data"]
    met = [one for one in answers if one.status == "met"]
    parts = [
        f"<h1>{escape(furniture.title)}</h1>", f'<p class="quiet">{escape(furniture.subtitle)}</p>',
        f'<p class="notice">{escape(furniture.notice)}</p>' if furniture.notice else "",
        f'<p class="alarm">{escape(alarm)}</p>' if alarm else "",
        *_sentences("方案改变了什么", told),
        *_answers(f"先看这 {min(_MOST, len(gaps))} 项：条款没有做到的" if gaps else "没有判断为未达标的条款", gaps[:_MOST], map_file),
        *_sentences("其余未达标的条款", [f"{one.question}（{one.reading}）" for one in gaps[_MOST:]]),
        *_sentences("缺数据，不能判断（见待补数据清单）", [f"{one.question}（{one.reading}）" for one in unknown]),
        *_sentences("已达标", [f"{one.question}（{one.reading}）" for one in met]),
        '<section class="files"><h2>打开什么</h2><table>', *map(_link, links), "</table></section>",
        f"<footer>{escape(_foot(furniture))}</footer>",
    ]  # fmt: skip
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    head = (
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(furniture.title)}</title>\n<style>{style.css_variables()}{_STYLE}</style>"
    )
    body = "\n".join(filter(None, parts))
    return f'<!DOCTYPE html>\n<html lang="zh">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def _answers(title: str, shown: Sequence[Answer], map_file: str) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><ol>"
    for one in shown:
        number = f'<b class="gap">{escape(one.headline.text)} <span>{escape(one.headline.unit)}</span></b>'
        said = "".join(
            f'<span class="{tone}">{escape(text)}</span>' if tone else escape(text) for text, tone in one.sentence
        )
        where = f'<a href="{escape(map_file)}#v={one.view}">看地图</a>' if one.view >= 0 else ""
        yield f"<li>{number}<div><strong>{escape(one.question)}</strong>　{where}<p>{said}</p><small>{escape(one.reading)}</small></div></li>"
    yield "</ol>"


def _sentences(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"<h2>{escape(title)}</h2>" + "".join(f"<p>{escape(text)}</p>" for text in texts)


def _link(one: Link) -> str:
    return f'<tr><td><a href="{escape(one.file)}">{escape(one.file)}</a></td><td>{escape(one.about)}</td></tr>'


def _foot(furniture: Furniture) -> str:
    dates = f"数据日期：{furniture.date}；制图单位：{furniture.drawn_by or '（待填）'}；{furniture.version}"
    return " ".join(filter(None, (dates, *furniture.sources, furniture.accuracy)))
