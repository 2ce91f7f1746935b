"""Which centres become community hospitals (社区医院): a share of all, by load, reach and beds, each with its reasons."""

import math

import pandas as pd

_NAME = "社区医院"


def number_of(share: float, centers: int) -> int:
    """Return how many the share asks for: at least as many as it is, in whole centres.

    >>> number_of(0.2, 14)
    3
    >>> number_of(0.2, 10)
    2
    """
    return math.ceil(share * centers - 1e-9)


def upgrades(centers: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the centres in order of fitness, with chosen, place and why.

    centers: id, name, load, reached (people within reach), beds (NaN: 无数据). Those that are 社区医院 by name or grade count
    first; the others by the sum of their ranks by load, by reach, and by beds where any are known. Ties: the smaller id.
    """
    table = centers.copy()
    grade = table["grade"].fillna("") if "grade" in table else pd.Series("", index=table.index)
    table["is_hospital"] = grade.str.contains(_NAME) | table["name"].str.contains(_NAME)
    known = [name for name in ("load", "reached", "beds") if table[name].notna().any()]
    ranks = table[known].rank(method="min", ascending=False, na_option="bottom")
    table["score"] = ranks.sum(axis=1)
    table = table.assign(other=~table["is_hospital"]).sort_values(
        ["other", "score", "id"], kind="stable", ignore_index=True
    )
    wanted = number_of(share, len(table))
    ranks = table[known].rank(method="min", ascending=False, na_option="bottom").astype(int)
    places: list[dict[str, int]] = ranks.to_dict("records")  # type: ignore[assignment]
    why = [_why(row, place, len(table)) for (_, row), place in zip(table.iterrows(), places, strict=True)]
    return table.assign(place=range(1, len(table) + 1), chosen=table.index < wanted, why=why).drop(columns="other")


def _why(row: pd.Series, ranks: dict[str, int], count: int) -> str:
    """Return the reasons of one centre's place, in words."""
    if row["is_hospital"]:
        return "已是社区医院"
    words = {"load": ("服务人口", "人"), "reached": ("可及人口", "人"), "beds": ("床位", "张")}
    said = []
    for name, (label, unit) in words.items():
        if pd.isna(row[name]):
            said.append(f"{label}无数据")
        else:
            said.append(f"{label} {int(row[name])} {unit}（第 {ranks[name]}／{count}）")
    return "，".join(said)
