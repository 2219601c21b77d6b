"""A county's own standard as a file: what the example says, and one broken copy for each mistake its author can make."""

from __future__ import annotations

from pathlib import Path

import pytest
from localities import EXAMPLE, LOCAL

from greencomm.errors import StandardError
from greencomm.standard import ChangeKind, load_any_standard, load_local_standard, load_standard
from greencomm.standard.kinds import KINDS

STANDARD = load_standard()
ORIGINAL = EXAMPLE.read_text(encoding="utf-8")
CAR = '[[replace]]\nclause = "8.1"\npoints = 2\ncap = 4\n'
CAR_QUOTE = 'quote = "乱停车每发现1处扣2分，最高扣4分"'
ITEM_9 = "[[replace]]\nitem = 9\npoints = 8\n"
REMOVED = '[[remove]]\nclause = "16.1"\n'
STOP = 'id = "9.3"\nkind = "flag"\nname = "未设置无障碍停车位"\npoints = 2\ncap = 2\n'


def test_the_whole_is_the_prefectures_with_the_changes_worked_in() -> None:
    assert (LOCAL.id, LOCAL.full_score, LOCAL.pass_mark.points) == ("示例县-2021", 104, 85)
    assert [(content.number, content.points) for content in LOCAL.contents] == [(1, 18), (2, 18), (3, 26), (4, 12), (5, 30)]
    assert {item.number: item.points for item in LOCAL.items} == dict.fromkeys(range(1, 17), 6) | {9: 8, 17: 4, 18: 2}
    assert [clause.id for clause in LOCAL.item[9].clauses] == ["9.1", "9.2", "9.3"]
    assert [clause.id for clause in LOCAL.item[16].clauses] == ["16.2"]
    assert all(clause.item_points == item.points for item in LOCAL.items for clause in item.clauses)
    car = LOCAL.clause["8.1"]
    assert (car.points, car.cap, car.unit, car.asks, car.name) == (2, 4, "处", "发现乱停车几处", "乱停车")
    training = LOCAL.clause["14.1"]
    assert (training.required, training.points, training.cap) == (3, 2, 6)
    same = [clause.id for clause in LOCAL.clauses if clause == STANDARD.clause.get(clause.id)]
    assert len(same) == 31 - 1 - 2 - 2, "but for 16.1, the two replaced, and 9.1 and 9.2 whose item has other points"


def test_what_is_not_said_is_the_prefectures() -> None:
    for name in ("region", "targets", "deadlines", "urban_community", "annex2", "reading", "decisions"):
        assert getattr(LOCAL, name) == getattr(STANDARD, name)
    assert LOCAL.base == STANDARD and STANDARD.base is None and STANDARD.changes == ()


def test_every_change_has_its_authority_and_its_quote() -> None:
    told = [(change.where, change.kind, change.authority) for change in LOCAL.changes]
    bureau, federation = "示例县住房和城乡建设局", "示例县残疾人联合会"
    replace, add, remove = ChangeKind
    assert told == [
        ("达标线", replace, bureau),
        ("条款8.1", replace, bureau),
        ("第9项", replace, bureau),
        ("条款9.3", add, federation),
        ("条款14.1", replace, bureau),
        ("条款16.1", remove, bureau),
        ("第18项", add, bureau),
        ("条款18.1", add, bureau),
    ]
    assert all(change.quote in ORIGINAL for change in LOCAL.changes)


def test_the_hash_is_over_both_files(tmp_path: Path) -> None:
    path = tmp_path / "示例县-2021.toml"
    path.write_text(ORIGINAL, encoding="utf-8")
    assert load_local_standard(path, STANDARD).sha256 == LOCAL.sha256
    path.write_text(ORIGINAL + "# 一个字\n", encoding="utf-8")
    assert load_local_standard(path, STANDARD).sha256 != LOCAL.sha256 != STANDARD.sha256


def test_a_note_about_old_words_does_not_go_with_new_ones(tmp_path: Path) -> None:
    change = '[[replace]]\nclause = "12.1"\nstart = 40\nquote = "物业管理覆盖面不低于40%"\n'
    coverage = load_local_standard(small(tmp_path, change), STANDARD).clause["12.1"]
    assert (coverage.start, coverage.step, coverage.cap) == (40, 5, 6)
    assert coverage.criterion == "物业管理覆盖面不低于40%"
    assert STANDARD.clause["12.1"].note


def test_a_clause_may_become_another_kind(tmp_path: Path) -> None:
    change = '[[replace]]\nclause = "2.1"\nkind = "occurrence"\npoints = 1\ncap = 3\nunit = "个"\nquote = "每缺1个扣1分"\n'
    clause = load_local_standard(small(tmp_path, change), STANDARD).clause["2.1"]
    assert (clause.kind, clause.possible, clause.cases) == ("occurrence", (0, 1, 2, 3), None)


def test_a_floor_may_be_lifted(tmp_path: Path) -> None:
    change = '[[replace]]\nclause = "10.1"\nitem_zero_below = 0\nquote = "每降低10%扣1分"\n'
    clause = load_local_standard(small(tmp_path, change), STANDARD).clause["10.1"]
    assert clause.item_zero_below is None and clause.not_applicable


def test_an_item_may_go_as_a_whole(tmp_path: Path) -> None:
    change = 'full_score = 94\n[[remove]]\nitem = 16\nquote = "不考核第16项"\n'
    standard = load_local_standard(small(tmp_path, change), STANDARD)
    assert 16 not in standard.item and standard.contents[4].points == 22
    assert [change.where for change in standard.changes] == ["第16项"]


def test_the_countys_own_text_is_checked_where_it_is_given(tmp_path: Path) -> None:
    path = small(tmp_path, 'notice = "原文.txt"\n[pass_mark]\npoints = 85\nquote = "达到85分"\n')
    (tmp_path / "原文.txt").write_text("各社区达到85分的，认定为绿色社区。", encoding="utf-8")
    assert load_local_standard(path, STANDARD).pass_mark.points == 85
    (tmp_path / "原文.txt").write_text("各社区达到八十五分的，认定为绿色社区。", encoding="utf-8")
    with pytest.raises(StandardError) as caught:
        load_local_standard(path, STANDARD)
    assert str(caught.value) == (
        "标准文件“县.toml”有误：达标线（pass_mark）：引文“达到85分”在“原文.txt”中找不到，请按原文逐字抄录。"
    )


def test_a_standard_of_either_kind_can_be_loaded_alone(tmp_path: Path) -> None:
    assert load_any_standard(EXAMPLE) == LOCAL
    path = small(tmp_path, "").with_name("chuxiong-2021.toml")
    path.write_text(shipped().replace("points = 80\n", "points = 79\n"), encoding="utf-8")
    assert load_any_standard(path).pass_mark.points == 79
    other = tmp_path / "示例.toml"
    other.write_text(ORIGINAL, encoding="utf-8")
    base = load_any_standard(other).base
    assert base is not None and base.pass_mark.points == 79, "the one beside it comes first"


def test_the_prefectures_place_is_not_for_a_countys_standard() -> None:
    with pytest.raises(StandardError, match="这是县（市）自定的标准（有 based_on），这里需要州的标准"):
        load_standard(EXAMPLE)


def shipped() -> str:
    from greencomm.standard.loader import DEFAULT

    return DEFAULT.read_text(encoding="utf-8")


def small(folder: Path, changes: str) -> Path:
    """A county's standard that holds nothing but ``changes``."""
    path = folder / "县.toml"
    head = 'schema = "greencomm-standard/1"\nbased_on = "chuxiong-2021"\nid = "县-1"\ntitle = "县标准"\ndocument = "县1号"\n'
    path.write_text(head + 'authority = "县住建局"\n' + changes, encoding="utf-8")
    return path


# (what the author did, passage, what it became, the sentence after “标准文件“改动.toml”有误：”)
MISTAKES = [
    ("another format", "standard/1", "standard/9", "schema 应为“greencomm-standard/1”，现为“greencomm-standard/9”。"),
    ("based on another year's", "chuxiong-2021", "chuxiong-2020", "based_on 应为现行的州标准“chuxiong-2021”，现为“chuxiong-2020”。"),
    ("the prefecture's id", 'id = "示例县-2021"', 'id = "chuxiong-2021"', "标准编号 id 不能与州标准“chuxiong-2021”相同，请另取一个。"),
    (
        "an id that is no file name",
        'id = "示例县-2021"',
        'id = "示例县/2021"',
        "标准编号 id“示例县/2021”只能用汉字、字母、数字、横线和点，例如“chuxiong-2021-1”。",
    ),
    ("no title", 'title = "示例县绿色社区创建标准"\n', "", "缺少“title”。"),
    ("no document", 'document = "示县住建〔2021〕1号"\n', "", "缺少“document”。"),
    ("unknown key at the top", "schema =", "deadline = 1\nschema =", "有不认识的键“deadline”。"),
    ("unknown key of a clause", CAR, CAR + "capp = 4\n", "条款8.1：有不认识的键“capp”。"),
    ("unknown key of an item", ITEM_9, ITEM_9 + "cap = 4\n", "第9项：有不认识的键“cap”。"),
    ("unknown key of what is removed", REMOVED, REMOVED + "points = 1\n", "条款16.1：有不认识的键“points”。"),
    ("unknown key of what is added", STOP, STOP + "step = 1\n", "条款9.3：有不认识的键“step”。"),
    ("unknown key beside an added item", "content = 5\n", "content = 5\nx = 1\n", "第2处 [[add]]：有不认识的键“x”。"),
    ("no quote of a clause", CAR_QUOTE, "", "条款8.1：缺少“quote”，请抄录本地文件中这一条的原文。"),
    ("empty quote", CAR_QUOTE, 'quote = ""', "条款8.1：“quote”不能为空。"),
    ("no quote of what is removed", 'quote = "社区内没有文物古迹的县，不考核16.1"\n', "", "条款16.1：缺少“quote”。"),
    (
        "nobody's",
        'authority = "示例县住房和城乡建设局"',
        "",
        "条款16.1：缺少“authority”，请写明这一处是谁规定的，例如“某某县住房和城乡建设局”。",
    ),
    (
        "a clause that is not there",
        'clause = "8.1"',
        'clause = "8.9"',
        "条款8.9：州标准没有条款“8.9”，或它已在别处取消；新的条款请写在 [[add]] 中。",
    ),
    (
        "replaced and removed",
        REMOVED,
        '[[remove]]\nclause = "8.1"\n',
        "条款8.1：州标准没有条款“8.1”，或它已在别处取消；新的条款请写在 [[add]] 中。",
    ),
    ("an item that is not there", "item = 9\npoints = 8", "item = 19\npoints = 8", "第19项：州标准没有第19项，或它已在别处取消。"),
    (
        "neither clause nor item",
        'clause = "8.1"\n',
        "",
        "第1处 [[replace]]：请写明改的是哪一条（clause，如 \"8.1\"）或哪一项（item，如 8），只写其中一个。",
    ),
    (
        "both clause and item",
        'clause = "8.1"\n',
        'clause = "8.1"\nitem = 8\n',
        "第1处 [[replace]]：请写明改的是哪一条（clause，如 \"8.1\"）或哪一项（item，如 8），只写其中一个。",
    ),
    ("twice", 'clause = "14.1"\npoints = 2\nrequired = 3', 'clause = "8.1"\npoints = 1', "条款8.1：改了两次，请合并成一处。"),
    (
        "another number",
        CAR,
        CAR + 'id = "8.4"\n',
        "条款8.1：修改时不能换条款号；要换号的，请取消（[[remove]]）后另行增加（[[add]]）。",
    ),
    (
        "nothing changed",
        CAR + CAR_QUOTE,
        '[[replace]]\nclause = "8.1"\nquote = "乱停车每发现1处扣1分，最高扣2分"',
        "条款8.1：与州标准完全相同，请删去这一处。",
    ),
    (
        "nothing changed of an item",
        ITEM_9,
        "[[replace]]\nitem = 9\n",
        "第9项：与州标准完全相同，请写明新的 points（分值）或 standard（建设标准），或删去这一处。",
    ),
    ("pass mark unchanged", "points = 85", "points = 80", "达标线（pass_mark）：与州标准的 80 分相同，请删去这一节。"),
    ("pass mark above the full score", "points = 85", "points = 105", "达标线（pass_mark）：达标线应在1到满分 104 之间，现为 105。"),
    ("cap above the item", "cap = 4", "cap = 7", "条款8.1：上限 cap（7）超过本项分值（6）。"),
    ("cap below points", "cap = 4", "cap = 1", "条款8.1：上限 cap（1）小于每次扣分 points（2）。"),
    ("an item below its clauses", "points = 8\n", "points = 2\n", "条款9.1：上限 cap（3）超过本项分值（2）。"),
    ("an item without points", "points = 8\n", "points = 0\n", "第9项：分值 points 应为正整数，现为 0。"),
    (
        "unknown kind",
        'kind = "flag"',
        'kind = "flags"',
        "条款9.3：不认识的条款类型 kind“flags”，可用的有 " + "、".join(KINDS) + "。",
    ),
    ("text for a number", "cap = 4", 'cap = "4"', "条款8.1：“cap”应为整数，现为文字“4”。"),
    (
        "too many points",
        "points = 8\nquote",
        'points = 80\nquote = "80分"\n[[add]]\nitem = 9\nid = "9.4"\nkind = "flag"\nname = "x"\npoints = 70\ncap = 70\nquote',
        "条款9.4：一条最多60分，现为 70，请分成几条。",
    ),
    ("more trainings than counts go", "required = 3", "required = 10000", "条款14.1：应有次数 required（10000）超过次数上限（9999）。"),
    ("what cannot be seen", "总分达到", "总分\\u0007达到", "达标线（pass_mark）：“quote”中有看不见的控制字符，请删去重写。"),
    ("unseen in cases", '"已设置"', '"已设置\\u200b"', "条款9.3：“cases”中有看不见的控制字符，请删去重写。"),
    ("a number that is taken", 'id = "9.3"', 'id = "9.2"', "条款9.2：条款出现了两次。"),
    ("a clause of another item", 'id = "9.3"', 'id = "8.4"', "条款8.4：条款号应写成“9.1”这样的项号加序号。"),
    (
        "a clause without a place",
        "item = 9\nid",
        "id",
        "第1处 [[add]]：请写明加在哪一项（item，如 9）；整项增加的，写明内容号（content，如 5）和 [add.item]。",
    ),
    ("added to no item", "item = 9\nid", "item = 99\nid", "第1处 [[add]]：没有第99项，不能在其中增加条款；整项增加的，请写 content 和 [add.item]。"),
    ("an item of no content", "content = 5", "content = 6", "第2处 [[add]]：州标准没有内容6，可用的有 1、2、3、4、5。"),
    ("an item that is there", "number = 18", "number = 16", "第16项：项号重复。"),
    ("measured without unit", 'unit = "个"\n', "", "条款18.1：有实际值的条款应写明单位 unit。"),
    ("an award beside a deduction", 'kind = "flag"', 'kind = "award"', "第9项：加分条款不能与扣分条款同在一项。"),
    (
        "an item whose clauses are all gone",
        REMOVED,
        '[[remove]]\nclause = "16.2"\nquote = "也不考核"\n' + REMOVED,
        "第16项：条款都取消了；不再考核这一项的，请取消整项（[[remove]] 下写 item = 16）。",
    ),
    (
        "points that do not sum",
        "full_score = 104",
        "full_score = 100",
        "各项分值合计为 104，与满分 full_score（100）不符，请核对各项分值，或在开头写明新的 full_score。",
    ),
    (
        "a text that is not there",
        "# notice = ",
        "notice = ",
        "notice 所写的本地文件原文“示例县-2021.txt”打不开，请把它存成 UTF-8 编码的文本，与“改动.toml”放在一起。",
    ),
    ("changes that are no sections", "[pass_mark]", "remove = [1]\n[pass_mark]", None),
    ("a bracket missing", "[[remove]]", "[remove]]", None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_stops_with_one_sentence(tmp_path: Path, old: str, new: str, sentence: str | None) -> None:
    assert old in ORIGINAL
    path = tmp_path / "改动.toml"
    path.write_text(ORIGINAL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StandardError) as caught:
        load_local_standard(path, STANDARD)
    message = str(caught.value)
    if sentence is None:
        caught.match("^标准文件“改动.toml”有误：(第[0-9]+行附近|文件末尾或其中一处)不符合 TOML 格式")
    else:
        assert message == f"标准文件“改动.toml”有误：{sentence}"
    assert "\n" not in message and caught.value.exit_status == 2


def test_a_standard_without_a_difference_is_none(tmp_path: Path) -> None:
    with pytest.raises(StandardError, match="没有写任何与州标准不同的地方；用州标准的单位，名册“标准”一列留空即可"):
        load_local_standard(small(tmp_path, ""), STANDARD)


def test_a_pass_mark_above_what_is_left_is_told(tmp_path: Path) -> None:
    gone = "".join(f'[[remove]]\nitem = {number}\nquote = "不考核"\n' for number in (1, 2, 3, 4))
    with pytest.raises(StandardError, match="州标准的达标线 80 超过满分 76，请写明新的"):
        load_local_standard(small(tmp_path, "full_score = 76\n" + gone), STANDARD)


def test_what_it_is_based_on_must_be_found(tmp_path: Path) -> None:
    path = tmp_path / "改动.toml"
    path.write_text(ORIGINAL.replace('based_on = "chuxiong-2021"', 'based_on = "没有"'), encoding="utf-8")
    with pytest.raises(StandardError, match="找不到它依据的州标准 based_on“没有”，请把“没有.toml”放在同一文件夹"):
        load_any_standard(path)
