"""Kinds of clause: each turns a county's answer into a deduction (or award), in code and as a worksheet formula.

A new clause is data; a new kind is one class here, listed in ``KINDS``. Deductions are whole points.
Measured values travel as integers so that scoring is exact: counts as they are, rates in units of
``1 / RATE_SCALE`` of a percent point (D-04: 90 % must give 1, never 0 through binary rounding).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

RATE_SCALE = 10**16
"""Units per percent point. Fits 100 % in 64 bits and holds every value of 15 significant digits near a step."""


MOST_POINTS = 60
"""The most that one clause may take or give: its possible points travel as bits of 64, and stand in one list of a form."""


class ClauseMistake(ValueError):
    """A clause's numbers contradict each other; the loader adds file and clause to the sentence."""


class Key(NamedTuple):
    """A key of its own that a kind takes from the standard's file; without ``default`` the file must have it."""

    type: type = int
    default: object = ...


class Example(NamedTuple):
    """One invented answer, shown on the form's first sheet with what is said about it."""

    actual: int | str | None
    stated: int | None
    evidence: str
    comment: str


@dataclass(frozen=True)
class Clause:
    """One condition of the notice with what it takes from (or adds to) an item, in points.

    ``points`` is the deduction for one instance, step or condition; ``cap`` the most the clause can take;
    ``quote`` the notice's words, verbatim; ``decisions`` the records that say how they are read.
    """

    id: str
    name: str
    points: int
    cap: int
    quote: str
    item_number: int
    item_points: int
    unit: str = ""
    decisions: tuple[str, ...] = ()
    asks: str = ""
    """What 实际值 asks for, in a clerk's words; empty where the name says it."""
    cases: tuple[str, str] | None = None
    """When 0 and when points are filled in, in a clerk's words: ``("有文件", "没有文件")``."""
    note: str = ""
    """How the quote is read where a clerk would stumble over it, in a clerk's words."""

    kind: ClassVar[str]
    kind_title: ClassVar[str]
    measure: ClassVar[str | None] = None
    """``count`` or ``rate`` where the county enters a measured value (实际值), else None."""
    adds: ClassVar[bool] = False
    """True where the clause adds points to an item that starts at 0 (D-02)."""
    needs_reason: ClassVar[bool] = False
    """True where a deduction is at the assessor's discretion and 说明 must give the reason."""
    own_keys: ClassVar[Mapping[str, Key]] = {}
    """What the kind takes from the file besides what every clause has; each is a field of the same name."""

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise ClauseMistake where the numbers contradict each other."""
        if self.points < 1:
            raise ClauseMistake(f"每次扣分 points 应为正整数，现为 {self.points}")
        if self.cap < self.points:
            raise ClauseMistake(f"上限 cap（{self.cap}）小于每次扣分 points（{self.points}）")
        if self.cap > self.item_points:
            raise ClauseMistake(f"上限 cap（{self.cap}）超过本项分值（{self.item_points}）")
        if self.cap > MOST_POINTS:
            raise ClauseMistake(f"一条最多{MOST_POINTS}分，现为 {self.cap}，请分成几条")

    @cached_property
    def possible(self) -> tuple[int, ...]:
        """Every deduction (or award) that the clause can give, ascending, 0 included."""
        raise TypeError(f"clause {self.id} has no kind")

    def derive(self, actual: Integers) -> Integers:
        """Deductions that follow from valid measured values (vectorised, exact)."""
        raise TypeError(f"clause {self.id} has no measured value")

    @property
    def terms(self) -> str:
        """What the clause takes or adds, in Chinese: ``每1处扣1分，最多扣2分``."""
        raise TypeError(f"clause {self.id} has no kind")

    @property
    def allowed(self) -> str:
        """What 扣分 may hold, in Chinese: ``0或3``."""
        return join_or(self.possible)

    @property
    def allowed_actual(self) -> str:
        """What 实际值 may hold, in Chinese; empty where the clause has none."""
        return ""

    @property
    def wanted(self) -> str:
        """What is to be filled in first, in Chinese: ``有文件填0，没有文件填3``, or what 实际值 asks for."""
        if self.measure is not None:
            return self.asks or f"{self.name}（{self.unit}）"
        if self.cases is None:
            return self.allowed
        return f"{self.cases[0]}填0，{self.cases[1]}填{join_or(self.possible[1:])}"

    @cached_property
    def criterion(self) -> str:
        """评分标准 as forms show it: the notice's words, and how they are read where that is not plain."""
        return self.quote + (f"（执行口径：{self.note.rstrip('。')}）" if self.note else "")

    def arithmetic(self, actual: int) -> str:
        """How the deduction follows from a measured value, in Chinese: ``3处×1=3，上限2，扣2``."""
        return ""

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        """Invented answers for the form's first sheet; ``not_applicable`` is the word for nothing to measure."""
        raise TypeError(f"clause {self.id} has no kind")

    def live_valid_actual(self, actual: str) -> str:
        """Worksheet condition: the number in cell ``actual`` is a value that can be measured."""
        return "FALSE"

    def live_deduction(self, actual: str) -> str:
        """Worksheet expression: the deduction for a valid number in cell ``actual``."""
        return "0"


def range_text(first: int, last: int) -> str:
    """``(1, 3)`` → ``1—3``; one number where both are the same."""
    return f"{first}—{last}" if first != last else str(first)


def join_or(values: tuple[int, ...]) -> str:
    """``(0, 1, 2)`` → ``0、1或2``."""
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else "、".join(texts[:-1]) + "或" + texts[-1]


@dataclass(frozen=True)
class Flag(Clause):
    """A condition that holds or not: all of its points or none."""

    kind: ClassVar[str] = "flag"
    kind_title: ClassVar[str] = "符合即扣"

    def check(self) -> None:
        super().check()
        if self.cap != self.points:
            raise ClauseMistake(f"“符合即扣”条款的上限 cap（{self.cap}）应等于扣分 points（{self.points}）")

    @cached_property
    def possible(self) -> tuple[int, ...]:
        return (0, self.points)

    @property
    def terms(self) -> str:
        return f"符合即扣{self.points}分"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        return (Example(None, 0, "", "没有这种情况，填0"),)


@dataclass(frozen=True)
class Discretionary(Clause):
    """A deduction within a range at the assessor's discretion, in whole points (D-06)."""

    kind: ClassVar[str] = "discretionary"
    kind_title: ClassVar[str] = "酌情扣分"
    needs_reason: ClassVar[bool] = True

    @cached_property
    def possible(self) -> tuple[int, ...]:
        return (0, *range(self.points, self.cap + 1))

    @property
    def terms(self) -> str:
        return f"酌情扣{range_text(self.points, self.cap)}分（整数）"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        middle = self.possible[len(self.possible) // 2]
        return (Example(None, middle, "5个小区中有2个没有参与，见会议签到表", f"扣{middle}分，写明理由"),)


@dataclass(frozen=True)
class Award(Clause):
    """Points added for merit, in whole points, to an item that starts at 0 (D-02)."""

    kind: ClassVar[str] = "award"
    kind_title: ClassVar[str] = "加分"
    adds: ClassVar[bool] = True

    @cached_property
    def possible(self) -> tuple[int, ...]:
        return (0, *range(self.points, self.cap + 1))

    @property
    def terms(self) -> str:
        return f"加{range_text(self.points, self.cap)}分（整数）"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        middle = self.possible[len(self.possible) // 2]
        return (Example(None, middle, "州级文明社区，证书见附件3", f"加{middle}分，写明奖项"),)


@dataclass(frozen=True)
class Counted(Clause):
    """Common part of the kinds that are measured by a whole number."""

    count_limit: int = field(kw_only=True)
    """The largest number that is believed to be a count; from the standard's ``reading`` table."""
    measure: ClassVar[str | None] = "count"

    @cached_property
    def possible(self) -> tuple[int, ...]:
        return (*range(0, self.cap, self.points), self.cap)

    @property
    def allowed_actual(self) -> str:
        return f"0、1、2这样的整数（单位：{self.unit}）"

    def live_valid_actual(self, actual: str) -> str:
        return f"AND({actual}>=0,{actual}<={self.count_limit},{actual}=INT({actual}))"


@dataclass(frozen=True)
class Occurrence(Counted):
    """Points for each unit counted, up to the cap."""

    kind: ClassVar[str] = "occurrence"
    kind_title: ClassVar[str] = "按次扣分"

    @property
    def terms(self) -> str:
        return f"每1{self.unit}扣{self.points}分，最多扣{self.cap}分"

    def derive(self, actual: Integers) -> Integers:
        import numpy as np

        return np.minimum(actual * self.points, self.cap)

    def arithmetic(self, actual: int) -> str:
        full = actual * self.points
        capped = f"，上限{self.cap}" if full > self.cap else ""
        return f"{actual}{self.unit}×{self.points}={full}{capped}，扣{min(full, self.cap)}"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        count = self.cap // self.points + 1
        return (Example(count, None, f"共{count}{self.unit}，名称和照片见附件1", self.arithmetic(count)),)

    def live_deduction(self, actual: str) -> str:
        return f"MIN({self.cap},{actual}*{self.points})"


@dataclass(frozen=True)
class Shortfall(Counted):
    """Points for each one that is missing from what is required, up to the cap."""

    required: int = field(kw_only=True)
    kind: ClassVar[str] = "shortfall"
    kind_title: ClassVar[str] = "缺次扣分"
    own_keys: ClassVar[Mapping[str, Key]] = {"required": Key()}

    def check(self) -> None:
        super().check()
        if self.required < 1:
            raise ClauseMistake(f"应有次数 required 应为正整数，现为 {self.required}")
        if self.required > self.count_limit:
            raise ClauseMistake(f"应有次数 required（{self.required}）超过次数上限（{self.count_limit}）")

    def derive(self, actual: Integers) -> Integers:
        import numpy as np

        deduction: Integers = np.minimum(np.maximum(self.required - actual, 0) * self.points, self.cap)
        return deduction

    @cached_property
    def possible(self) -> tuple[int, ...]:
        return tuple(sorted({min(n * self.points, self.cap) for n in range(self.required + 1)}))

    @property
    def terms(self) -> str:
        return f"应有{self.required}{self.unit}，每少1{self.unit}扣{self.points}分，最多扣{self.cap}分"

    def arithmetic(self, actual: int) -> str:
        short = max(self.required - actual, 0)
        full = short * self.points
        capped = f"，上限{self.cap}" if full > self.cap else ""
        return f"应{self.required}{self.unit}，少{short}{self.unit}×{self.points}={full}{capped}，扣{min(full, self.cap)}"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        count = self.required - 1
        return (Example(count, None, f"已开展{count}{self.unit}，签到表见附件2", self.arithmetic(count)),)

    def live_deduction(self, actual: str) -> str:
        return f"MIN({self.cap},MAX(0,{self.required}-{actual})*{self.points})"


@dataclass(frozen=True)
class Rate(Clause):
    """Points for each full step below a starting percentage; below a floor the whole item is lost (D-04)."""

    start: int = field(kw_only=True)
    step: int = field(kw_only=True)
    item_zero_below: int | None = field(kw_only=True, default=None)
    not_applicable: bool = field(kw_only=True, default=False)
    """Whether 不适用 is an answer (nothing to measure in the year, nothing deducted)."""
    kind: ClassVar[str] = "rate"
    kind_title: ClassVar[str] = "按比例扣分"
    measure: ClassVar[str | None] = "rate"
    own_keys: ClassVar[Mapping[str, Key]] = {
        "start": Key(), "step": Key(), "item_zero_below": Key(default=None), "not_applicable": Key(bool, default=False),
    }  # fmt: skip

    def check(self) -> None:
        super().check()
        if not 0 < self.start <= 100:
            raise ClauseMistake(f"起算比例 start 应在0到100之间，现为 {self.start}")
        if not 0 < self.step <= self.start:
            raise ClauseMistake(f"每档比例 step 应大于0且不超过起算比例 {self.start}，现为 {self.step}")
        if self.item_zero_below is not None and not 0 < self.item_zero_below <= self.start:
            raise ClauseMistake(f"不得分界线 item_zero_below 应大于0且不超过起算比例 {self.start}，现为 {self.item_zero_below}")
        if self.item_zero_below is not None and self.item_points > MOST_POINTS:
            raise ClauseMistake(f"一条最多{MOST_POINTS}分，而低于不得分界线时扣 {self.item_points}，请调整本项分值")

    def derive(self, actual: Integers) -> Integers:
        import numpy as np

        steps = np.maximum(self.start * RATE_SCALE - actual, 0) // (self.step * RATE_SCALE)
        deduction: Integers = np.minimum(steps * self.points, self.cap)
        if self.item_zero_below is None:
            return deduction
        return np.where(actual < self.item_zero_below * RATE_SCALE, self.item_points, deduction)

    @cached_property
    def possible(self) -> tuple[int, ...]:
        floor = self.item_zero_below or 0
        steps = range((self.start - floor) // self.step + 1)
        given = {min(n * self.points, self.cap) for n in steps}
        return tuple(sorted(given | ({self.item_points} if floor else set())))

    @property
    def terms(self) -> str:
        steps = f"从{self.start}%起，每低满{self.step}个百分点扣{self.points}分"
        if self.item_zero_below is None:
            return f"{steps}，最多扣{self.cap}分"
        return f"{steps}；低于{self.item_zero_below}%本项不得分，扣{self.item_points}分"

    @property
    def allowed_actual(self) -> str:
        text = "0%到100%的比例，如85%"
        return text + "；没有可统计的事项时写“不适用”" if self.not_applicable else text

    def arithmetic(self, actual: int) -> str:
        import numpy as np

        deduction = int(self.derive(np.array([actual], dtype=np.int64))[0])
        shown = percent_text(actual)
        if self.item_zero_below is not None and actual < self.item_zero_below * RATE_SCALE:
            return f"{shown}低于{self.item_zero_below}%，此项不得分，扣{deduction}"
        steps = max(self.start * RATE_SCALE - actual, 0) // (self.step * RATE_SCALE)
        capped = f"，上限{self.cap}" if steps * self.points > self.cap else ""
        rule = f"{self.start}%起每低{self.step}%为一档"
        return f"{rule}，{shown}低{steps}档×{self.points}={steps * self.points}{capped}，扣{deduction}"

    def examples(self, not_applicable: str) -> tuple[Example, ...]:
        percent = self.start - self.step - self.step // 2
        measured = Example(f"{percent}%", None, "共20件，处理17件，见台账", self.arithmetic(percent * RATE_SCALE))
        if not self.not_applicable:
            return (measured,)
        nothing = f"没有可统计的，写“{not_applicable}”，不扣分"
        return (measured, Example(not_applicable, None, "本年度没有投诉", nothing))

    def live_percent(self, actual: str) -> str:
        """Worksheet expression: percent points of the number in ``actual`` (at most 1 is a fraction, D-04).

        Rounded to 12 decimals, where binary noise lives and no written rate does.
        """
        return f"ROUND(IF({actual}<=1,{actual}*100,{actual}),12)"

    def live_valid_actual(self, actual: str) -> str:
        return f"AND({actual}>=0,{actual}<=100)"

    def live_deduction(self, actual: str) -> str:
        percent = self.live_percent(actual)
        steps = f"MIN({self.cap},INT(MAX(0,{self.start}-{percent})/{self.step})*{self.points})"
        if self.item_zero_below is None:
            return steps
        return f"IF({percent}<{self.item_zero_below},{self.item_points},{steps})"


def percent_text(actual: int) -> str:
    """A scaled rate as people write it: ``85%``, ``59.9%``."""
    from decimal import Decimal

    points = (Decimal(actual) / RATE_SCALE).normalize()
    return f"{points:f}%"


KINDS: dict[str, type[Clause]] = {
    cls.kind: cls
    for cls in (
        Flag,
        Discretionary,
        Occurrence,
        Rate,
        Shortfall,
        Award,
    )
}
