"""From int8 to int16 activations, the best step first: which groups of values become int16.

A value gains only where the layer that makes it and the layers that read it all compute in int16;
a step adds what is missing for one value. It is the step with the most noise taken away for its
cost, among all that are left.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from edgec.ir import ValueName
from edgec.quantization.widths.sensitivity import Group
from edgec.quantization.widths.width_cost import Cost, WidthCost

# Chosen by hand: small beside any real step, so that it only keeps quotients finite.
_LEAST_COST = 1e-4  # of a step, in parts of the int8 model: none is free


@dataclass(frozen=True, slots=True)
class Plan:
    """Groups in int16, by root; the noise that the others leave, in parts of the signal."""

    wide: frozenset[ValueName]
    noise: float
    cost: Cost


@dataclass(eq=False)
class WidthPath:
    """Plans for the groups of one graph."""

    groups: Sequence[Group]
    cost: WidthCost
    _able: frozenset[ValueName] = field(init=False)

    def __post_init__(self) -> None:
        self._able = frozenset(group.root for group in self.groups if group.can_widen)

    def plans(self) -> list[Plan]:
        """Return plans with more and more in int16: none first, last all that can be."""
        path = [self.plan(frozenset())]
        while steps := self._steps(path[-1]):
            path.append(max(steps, key=lambda step: self._worth(path[-1], step)))
        return path

    def plan(self, wide: frozenset[ValueName]) -> Plan:
        """Return the plan with these groups in int16."""
        left = sum(group.noise for group in self.groups if not self._gains(group, wide))
        return Plan(wide, left, self.cost.of(wide))

    def trimmed(self, plan: Plan, allowed: float) -> list[Plan]:
        """Return plans with fewer and fewer groups that leave no more noise; the fewest first.

        The cheapest goes on; with a group goes what was there for its sake alone.
        """
        found: list[Plan] = []
        while fewer := [each for each in self._without(plan) if each.noise <= allowed]:
            plan = min(fewer, key=lambda each: each.cost.over(self.cost.of(())))
            found.insert(0, plan)
        return found

    def _without(self, plan: Plan) -> list[Plan]:
        order = [group.root for group in self.groups if group.root in plan.wide]
        fewer = dict.fromkeys(self._needed(plan.wide - {root}) for root in order)
        return [self.plan(wide) for wide in fewer]

    def _steps(self, plan: Plan) -> list[Plan]:
        wanted = {
            plan.wide | {group.root} | (group.readers & self._able): None
            for group in self.groups
            if group.can_widen and not self._gains(group, plan.wide)
        }
        return [self.plan(wide) for wide in wanted if wide != plan.wide]

    def _worth(self, before: Plan, after: Plan) -> float:
        whole = self.cost.of(())
        price = after.cost.over(whole) - before.cost.over(whole)
        return (before.noise - after.noise) / max(price, _LEAST_COST)

    def _gains(self, group: Group, wide: Collection[ValueName]) -> bool:
        """Tell whether a group is never rounded to int8: where it is made, and where it is read."""
        able = group.readers & self._able
        lost = bool(group.readers) and not able  # all that read it know int8 only
        return group.root in wide and not lost and able.issubset(wide)

    def _needed(self, wide: frozenset[ValueName]) -> frozenset[ValueName]:
        """Return the groups that gain, and those that read them."""
        gain = [group for group in self.groups if self._gains(group, wide)]
        read = {root for group in gain for root in group.readers}
        return frozenset(wide & ({group.root for group in gain} | read))
