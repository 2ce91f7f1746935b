"""Splits census totals over villages and communities, to the person.

Known: each county's urban and rural residents; in 攀枝花 the residents of the twelve towns of 盐边县. All else is
assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geodata.samples.build.cities import City
from geodata.samples.build.places import Floats, Settlement, Town

# Assumed urban residents of one community, relative to one community of a 街道.
URBAN_PER_COMMUNITY = {"subdistrict": 1.0, "seat": 1.2, "suburb": 0.6, "other": 0.12}
# Assumed urban residents of one village, on the same scale.
URBAN_PER_VILLAGE = {"subdistrict": 0.0, "seat": 0.1, "suburb": 0.08, "other": 0.01}
# Assumed rural residents of one community and of one village; more in a county seat, fewer in a remote 乡.
RURAL_PER_COMMUNITY, RURAL_PER_VILLAGE = 0.03, 1.0
RURAL_SEAT_FACTOR, RURAL_TOWNSHIP_FACTOR = 1.3, 0.7

OTHER_URBAN_SHARE = 0.03  # of a town whose residents are known, where the city names no share


@dataclass(frozen=True)
class Census:
    """Residents of one county, by urban and rural."""

    urban: int
    rural: int


@dataclass(frozen=True)
class Residents:
    """Residents of one settlement, by urban and rural."""

    urban: int
    rural: int

    @property
    def total(self) -> int:
        return self.urban + self.rural


def largest_remainder(total: int, weights: Floats) -> list[int]:
    """Return whole numbers in proportion to the weights that sum to `total`; ties go to the earlier."""
    exact = total * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    first = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[first] += 1
    return [int(one) for one in whole]


def character(town: Town, city: City) -> str:
    """Return the key under which the assumptions know a town."""
    if town.is_subdistrict:
        return "subdistrict"
    if town.is_county_seat:
        return "seat"
    return "suburb" if town.name in city.suburbs else "other"


def weights_of(settlements: Sequence[Settlement], towns: Mapping[str, Town], city: City) -> tuple[Floats, Floats]:
    """Return the urban and the rural weight of each settlement: the assumption for its kind times a random factor."""
    rng = np.random.default_rng(city.seed)
    by_town = {code: rng.lognormal(0, 0.15) for code in sorted(towns)}
    urban, rural = np.empty(len(settlements)), np.empty(len(settlements))
    for place, one in enumerate(settlements):
        kind = character(towns[one.town_code], city)
        village = one.kind == "village"
        fewer = RURAL_TOWNSHIP_FACTOR if towns[one.town_code].name.endswith("乡") else 1.0
        size = RURAL_SEAT_FACTOR if kind == "seat" else fewer
        factor = by_town[one.town_code] * rng.lognormal(0, 0.3)
        urban[place] = factor * (URBAN_PER_VILLAGE if village else URBAN_PER_COMMUNITY)[kind]
        rural[place] = factor * (RURAL_PER_VILLAGE * size if village else RURAL_PER_COMMUNITY)
    return urban, rural


def split_county(census: Census, urban: Floats, rural: Floats) -> list[Residents]:
    """Return the residents of each settlement of a county of which only the county's totals are known."""
    parts = zip(largest_remainder(census.urban, urban), largest_remainder(census.rural, rural), strict=True)
    return [Residents(*one) for one in parts]


def urban_by_town(census: Census, totals: Mapping[str, int], towns: Mapping[str, Town], city: City) -> dict[str, int]:
    """Return the urban residents of each town of a county whose towns' totals are known."""
    if sum(totals.values()) != census.urban + census.rural:
        raise ValueError("the towns' residents do not sum to the county's")
    shares = np.array([city.urban_shares.get(towns[code].name, OTHER_URBAN_SHARE) for code in totals])
    urban = largest_remainder(census.urban, shares * np.array(list(totals.values())))
    if any(part > total for part, total in zip(urban, totals.values(), strict=True)):
        raise ValueError("a town would have more urban residents than residents")
    return dict(zip(totals, urban, strict=True))


def split_residents(
    settlements: Sequence[Settlement],
    towns: Mapping[str, Town],
    counties: Mapping[str, Census],
    known: Mapping[str, int],
    city: City,
) -> dict[str, Residents]:
    """Return the residents of each settlement by code; counties and known towns come out exactly."""
    urban, rural = weights_of(settlements, towns, city)
    county_of = np.array([one.town_code[:6] for one in settlements])
    town_of = np.array([one.town_code for one in settlements])
    codes = np.array([one.code for one in settlements])
    found: dict[str, Residents] = {}
    for county, census in counties.items():
        own = {code: total for code, total in known.items() if code.startswith(county)}
        if own:
            groups = [
                (town_of == code, Census(part, own[code] - part))
                for code, part in urban_by_town(census, own, towns, city).items()
            ]
        else:
            groups = [(county_of == county, census)]
        for mask, totals in groups:
            found.update(zip(codes[mask].tolist(), split_county(totals, urban[mask], rural[mask]), strict=True))
    return found
