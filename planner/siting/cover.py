"""The cover family, each proven: the cheapest sites for all or a share, the most weight with p sites, and cover twice over."""

from planner.siting.cover_run import Run
from planner.siting.cover_set import cheapest_for_all, cheapest_for_share, cheapest_then_twice
from planner.siting.cover_worth import most_covered, most_worth
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.siting import Siting


def solve_lscp(instance: Instance, limits: Limits) -> Siting:
    """Return the cheapest sites (the fewest, where all cost 1) that cover everyone, or the question's share of all weight."""
    run = Run.of(instance, limits)
    return cheapest_for_all(run) if instance.question.share >= 1 else cheapest_for_share(run)


def solve_mclp(instance: Instance, limits: Limits) -> Siting:
    """Return the p sites within whose reach the most weight lies."""
    run = Run.of(instance, limits)
    return most_covered(run) if instance.only_p else most_worth(run, 0.0)


def solve_backup(instance: Instance, limits: Limits) -> Siting:
    """Return sites that cover once and twice.

    With p: the most Σ weight × (covered + backup_weight × covered twice). Without (LSCP-B): of the cheapest sites that
    cover everyone those that cover most weight twice, and that weight is the objective.
    """
    run = Run.of(instance, limits)
    if instance.question.p is None:
        return cheapest_then_twice(run)
    return most_worth(run, instance.question.backup_weight)
