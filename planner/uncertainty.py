"""How wrong the facts may be: what a test of certainty assumes. Apart from the draws, so that a command's help is quick."""

from dataclasses import dataclass

from planner.errors import OptionError, Problem, Text


@dataclass(frozen=True)
class Uncertainty:
    """How far each fact may be off, how often it is drawn, and which share of draws is called what: all assumptions.

    point_m       every place lies within so many metres of where it is given, anywhere in that disc alike
    population    residents of each row are off by up to this share; `estimated`: those of estimated rows
    speed         all speeds, those on foot too, times one factor a draw, off by up to this share
    rural_km      the range of the planner's parameter for rural areas
    certain, likely  shares of draws from which a finding is called 确定 or 可能
    """

    point_m: float = 500.0
    population: float = 0.05
    estimated: float = 0.30
    speed: float = 0.20
    rural_km: tuple[float, float] = (10.0, 20.0)
    draws: int = 200
    seed: int = 0
    certain: float = 0.95
    likely: float = 0.50

    def __post_init__(self) -> None:
        low, high = self.rural_km
        wrong = {
            "draws": not 1 <= self.draws <= 10_000,
            "seed": not 0 <= self.seed < 2**32,
            "point_m": not 0 <= self.point_m <= 50_000,
            "population": not 0 <= self.population < 1,
            "estimated": not 0 <= self.estimated < 1,
            "speed": not 0 <= self.speed < 1,
            "rural_km": not 0 < low <= high <= 1000,
            "certain": not 0 < self.likely <= self.certain <= 1,
        }
        found = [
            Problem(
                name,
                Text("取值超出范围", "out of range"),
                Text("改用范围内的数", "use a number in range"),
                found=str(getattr(self, name)),
            )
            for name, bad in wrong.items()
            if bad
        ]
        if found:
            raise OptionError(found)

    def verdict(self, share: float) -> str:
        """Return "certain", "likely" or "sensitive" for the share of draws in which something holds.

        >>> Uncertainty().verdict(0.95), Uncertainty().verdict(0.5), Uncertainty().verdict(0.49)
        ('certain', 'likely', 'sensitive')
        """
        return "certain" if share >= self.certain else "likely" if share >= self.likely else "sensitive"
