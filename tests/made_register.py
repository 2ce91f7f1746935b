"""A made register of 1,009 institutions for the sample of 攀枝花: every number in it is 虚构, and says so.

    python -m tests.made_register DIR     # write the sample with the register and its kinds declared complete, as a filled example

Only the number of institutions is the city's own published one. The same bytes in every run.
"""

import random
import shutil
import sys
from pathlib import Path

import pandas as pd

from planner.institutions import COUNTS, FLAGS, INSTITUTION_KINDS, INSTITUTIONS, label_of
from planner.region import Region
from scenarios.run import load_region

TOTAL, SEED, YEAR = 1009, 104, 2023
SAMPLE = Path(__file__).parents[1] / "geodata" / "samples" / "panzhihua"
COUNTIES = ("510402", "510403", "510411", "510421", "510422")
BY_CITY = {"blood_station": 1, "big_data": 1, "medical_group": 1, "occupational": 1, "health_education": 1}
BY_COUNTY = {"cdc": 1, "maternal_child": 1, "supervision": 1, "rescue_site": 1, "childcare": 6, "childcare_guidance": 1,
             "consortium": 1, "response_team": 1, "mind_platform": 1}  # fmt: skip
_STAFFED = ("hospital", "township_hospital", "community_health_center", "community_health_station", "village_clinic", "cdc",
            "maternal_child", "blood_station", "supervision", "occupational", "health_education")  # fmt: skip


def rows() -> list[dict[str, object]]:
    """Return the rows under the names of the columns: all facilities of the sample, public health by county, clinics to the total."""
    draw = random.Random(SEED)
    region = load_region("sample:panzhihua")
    out = [_facility(one, draw) for one in region.facilities.to_dict("records")]
    for kind, number in BY_CITY.items():
        out += [_institution(kind, "city", COUNTIES[0], at, draw) for at in range(number)]
    out.append(_institution("cdc", "city", COUNTIES[0], 9, draw))
    for county in COUNTIES:
        for kind, number in BY_COUNTY.items():
            out += [_institution(kind, "county", county, at, draw) for at in range(number)]
    clinics = (_institution("clinic", "", COUNTIES[at % 5], at, draw) for at in range(TOTAL - len(out)))
    return [*out, *clinics]


def _facility(one: dict[str, object], draw: random.Random) -> dict[str, object]:
    beds = one["beds"] if pd.notna(one["beds"]) else None
    size = int(beds) if beds else {"township_hospital": 30, "community_health_center": 40}.get(str(one["kind"]), 0)  # type: ignore[call-overload]
    known = {name: one[name] for name in ("id", "name", "kind", "status", "grade", "specialty", "owner")}
    return {**known, **_filled(str(one["kind"]), size, draw), **({"beds": beds} if beds is not None else {})}


def _institution(kind: str, level: str, county: str, at: int, draw: random.Random) -> dict[str, object]:
    name = f"虚构{INSTITUTION_KINDS[kind][0]}{county}-{at + 1}"
    plain = {"id": f"M-{kind}-{county}-{at + 1}", "name": name, "kind": kind, "level": level, "county_code": county}
    return {**plain, **({} if kind == "clinic" else _filled(kind, 20, draw))}


def _filled(kind: str, beds: int, draw: random.Random) -> dict[str, object]:
    """Return made numbers and flags of one institution."""
    said: dict[str, object] = {one: "是" if draw.random() < 0.85 else "否" for one in FLAGS if one != "debt_financed"}
    said |= {"debt_financed": "否", "year": YEAR, **{one: draw.randint(0, 3) for one in COUNTS}}
    if kind in _STAFFED:
        doctors = max(1, round(beds * draw.uniform(0.25, 0.4)))
        nurses, pharmacists = round(doctors * draw.uniform(1.0, 1.4)), round(doctors * 0.1)
        posts = doctors + nurses + pharmacists + draw.randint(1, 9)
        said |= {"staff": posts, "doctors": doctors, "nurses": nurses, "pharmacists": pharmacists, "technicians": posts - 1,
                 "general_practitioners": round(doctors * 0.3), "tcm_doctors": round(doctors * 0.2), "posts": posts,
                 "public_health_doctors": 1, "public_health_staff": 2, "health_educators": draw.randint(1, 3),
                 "posts_technical": round(posts * 0.9), "posts_health": round(posts * 0.8)}  # fmt: skip
    if kind in {"township_hospital", "community_health_center", "maternal_child"}:
        said |= {"beds": beds, "beds_open": beds}
    if kind == "hospital" and beds:
        parts = {
            "beds_icu": 0.02,
            "beds_rehab": 0.05,
            "beds_observation": 0.025,
            "beds_infectious": 0.03,
            "beds_surge": 0.05,
        }
        said |= {name: round(beds * part) for name, part in parts.items()}
        said |= {"beds_open": round(beds * draw.uniform(0.95, 1.1)), "occupancy": round(draw.uniform(0.6, 0.95), 2),
                 "stay_days": round(draw.uniform(7, 11), 1)}  # fmt: skip
    return said


def write(folder: Path) -> Path:
    """Write the sample with the made register, every row marked 虚构, and all kinds declared complete."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    choices = {one.name: {key: names[0] for key, names in one.choices.items()} for one in INSTITUTIONS.fields}
    frame = pd.DataFrame(rows()).assign(source="虚构，不代表任何真实机构", estimated="是")
    for name in ("kind", "status", "level", "specialty"):
        frame[name] = frame[name].map(choices[name])
    labels = {one.name: one.label for one in INSTITUTIONS.fields}
    frame.rename(columns=labels).to_csv(folder / f"{INSTITUTIONS.stems[1]}.csv", index=False, encoding="utf-8-sig")
    about = (folder / "about.yaml").read_text("utf-8")
    head, tail = about.split("complete_registers:")
    after = tail[tail.index("credits:") :]
    listed = "".join(f"\n  - {kind}" for kind in INSTITUTION_KINDS)
    (folder / "about.yaml").write_text(f"{head}complete_registers:{listed}\n{after}", "utf-8")
    return folder


def load_made(folder: Path) -> Region:
    """Return the region of the written folder."""
    return load_region(write(folder))


if __name__ == "__main__":
    print(write(Path(sys.argv[1])), label_of(""), TOTAL)
