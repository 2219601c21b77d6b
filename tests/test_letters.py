"""Letters and mail drafts: which letter, its words and numbers, templates that people edit, names that mail programs show."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import email
import email.header
import email.policy
import email.utils
import re
import shutil

import demo
import openpyxl
import pytest
from injections import INJECTIONS, UNSAFE
from intake import opened, state
from season import CITY, COUNTY, arrive, cell_of, clean, form, judge, put_heading
from test_run import place, put, review, roster_with  # noqa: F401
from test_status import ABSENT, BACK, EAST, EXPLAINED, NOTE, OPEN, VERIFY, WAIVED, china, file

from greencomm.errors import UserError
from greencomm.findings import Severity
from greencomm.forms.layout import ISSUES_SHEET, LETTER_NAMES, Column, IssueColumn, Summary
from greencomm.forms.returned import write_returned
from greencomm.intake.mails import OWN_DRAFT, read_mail
from greencomm.outputs import TEMPLATES, Made, write_outputs
from greencomm.outputs.letters import PLACEHOLDERS, Letter, Letters, attached_roles, letter_for, values_for
from greencomm.outputs.mail import Attachment, addresses, encoded_words, write_mail
from greencomm.outputs.sending import write_letter
from greencomm.results import FileState, ReceivedFile, TypedSheet, UnitState

FOLDER = TEMPLATES / "letters"
DAY = datetime.date(2021, 10, 18)


def write(unit, result=None, attachments=(), folder=FOLDER):
    """The letter to a unit."""
    return Letters(folder).write(unit, result or demo.region([unit]), attachments)


@pytest.fixture
def templates(tmp_path):
    """A copy of the templates to edit."""
    return shutil.copytree(FOLDER, tmp_path / "templates" / "letters")


def missing(**known):
    return demo.unit("532301", "楚雄市", [ABSENT], state=UnitState.MISSING, files=(), submission=None, **known)


REFUSED = ReceivedFile("楚雄.xls", "cd" * 32, FileState.REJECTED, "文件加了密码，打不开", "532301", "请去掉密码后重新发送。")
REJECTED = demo.unit("532301", "楚雄市", [ABSENT], state=UnitState.REJECTED, files=(REFUSED,), submission=None)

TYPED = TypedSheet("chuxiong.xlsx", "东兴社区", "532301101001", {}, {"1.1": (None, None, None)}, {"1.1": ("F10", "G10", "K10")})
"""The sheet that BACK and VERIFY are about: 扣分 of 1.1 stands in G10, in the returned workbook in G7."""

# --- which letter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "letter", "roles"),
    [
        (demo.unit("532301", "楚雄市", [EAST], findings=[BACK, VERIFY]), Letter.SEND_BACK, ("return", "discrepancy")),
        (demo.unit("532301", "楚雄市", [EAST], findings=[VERIFY, NOTE]), Letter.SEND_BACK, ("return", "discrepancy")),
        (demo.unit("532301", "楚雄市", [EAST], findings=[NOTE, EXPLAINED, WAIVED]), Letter.PASSED, ("discrepancy",)),
        (missing(), Letter.CHASE, ()),
        (REJECTED, Letter.CHASE, ("discrepancy",)),
    ],
)
def test_which_letter_and_what_goes_with_it(unit, letter, roles):
    assert letter_for(unit) is letter and attached_roles(unit) == roles


def test_a_unit_without_communities_gets_no_letter(tmp_path):
    unit = demo.unit("532399", "开发区", [], state=UnitState.MISSING, files=(), submission=None)
    assert letter_for(unit) is None
    assert write_letter(tmp_path, "units/开发区/开发区", unit, demo.region([unit]), Letters(FOLDER), []) == []


# --- the words -----------------------------------------------------------------------------------------------------------


def test_sent_back():
    unit = demo.unit("532301", "楚雄市", [EAST, OPEN, ABSENT], findings=[BACK, VERIFY, NOTE, EXPLAINED], submission=1)
    unit = dataclasses.replace(unit, typed=(TYPED,))
    text = write(unit, attachments=[("return", "楚雄市_退回修改.xlsx"), ("discrepancy", "楚雄市_差异报告.xlsx")])
    assert text.title == "关于修改楚雄市2021年度绿色社区创建年度总结材料的函"
    assert text.body == (
        """关于修改楚雄市2021年度绿色社区创建年度总结材料的函

楚雄市：

　　你单位报送的2021年度绿色社区创建年度总结材料（第1批）收悉。经审核，现将有关情况函告如下。

　　一、审核情况
　　你单位共有城市社区3个，已报2个。按目前的材料，达标1个，未达标0个，待核实1个，未报1个，完成比例33.33%。

　　二、需要办理的内容
　　必须修改的有1处，需要核实的有1处。具体如下：
　　1. 【退回】东兴社区：没有填写。请填写。（“东兴社区”表G7）
　　2. 【需核实】东兴社区：不符。请核对。（“东兴社区”表G7）

　　三、办理要求
　　（一）请在附件“楚雄市_退回修改.xlsx”中修改。它保留了你单位填写的全部内容，并标出了问题所在的单元格。
　　（二）“需核实”的，填写有误请改正；确实无误的，请在“问题清单”表的“情况说明”栏写明具体情况，只写“情况属实”“已核实”的不予采用。
　　（三）办理后，请确认“汇总”表的“报送批次”为2，于2021年10月20日前把整个工作簿重新报送我单位。
　　（四）还有1个社区没有填报，已经开展创建的，请一并补报。

　　专此函告，请予支持。

　　附件：1. 楚雄市_退回修改.xlsx
　　　　　2. 楚雄市_差异报告.xlsx

　　联系人：李明　联系电话：0878-3100000

　　　　　　　　　　　　　　　　　　　　楚雄州住房和城乡建设局
　　　　　　　　　　　　　　　　　　　　2021年10月18日
"""
    )


def test_only_to_be_verified():
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[VERIFY], submission=3)
    text = write(unit, attachments=[("discrepancy", "楚雄市_差异报告.xlsx")])
    assert text.title == "关于核实楚雄市2021年度绿色社区创建年度总结材料的函"
    assert "（第3批）收悉" in text.body and "“报送批次”为4" in text.body
    assert "没有必须修改的内容，需要核实的有1处。具体如下：" in text.body and "退回" not in text.body
    assert f"请在“{Column.EVIDENCE}”栏写明具体情况" in text.body and "未填报" not in text.body


def test_the_places_that_it_names_are_those_of_the_forms():
    whole = (FOLDER / "退回修改.txt").read_text(encoding="utf-8")
    for word in (ISSUES_SHEET, IssueColumn.EXPLANATION, Column.EVIDENCE, Summary.SUBMISSION, Severity.VERIFY.label):
        assert f"“{word}”" in whole


def test_letters_are_recognised_by_the_names_that_they_have():
    assert tuple(Letter) == LETTER_NAMES


RETURN = [("return", "楚雄市_退回修改.xlsx")]


def of_city(answers=None, change=None, attachments=RETURN):
    """The letter about a workbook of 楚雄市, and the review that it comes from."""
    result = judge(arrive("楚雄市.xlsx", form(CITY, answers, change)))
    return Letters(FOLDER).write(result.units[0], result, attachments).body, result


def shifted(book):
    """One row more above the table, as clerks insert it."""
    book["东兴社区"].insert_rows(1)


def test_places_are_those_of_the_workbook_that_is_attached(tmp_path):
    text, result = of_city({"532301101001": clean(c1_1=(None, None, None))}, shifted)
    (blank,) = [finding for finding in result.findings if finding.rule == "C01"]
    write_returned(tmp_path / "a.xlsx", result.units[0], result)
    named = re.search("（“东兴社区”表([A-Z]+[0-9]+)）", text)[1]
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["东兴社区"]
    assert named == cell_of(page, "1.1", "扣分") != blank.place.cell
    # Without it, the county can only look at its own file.
    assert f"（“东兴社区”表{blank.place.cell}）" in of_city({"532301101001": clean(c1_1=(None, None, None))}, shifted, [])[0]


def test_what_the_fresh_form_has_restored_is_counted_apart():
    answers = {"532301101001": clean(c8_1=(3, 0, None)), "532301101002": clean(c1_1=(None, None, None))}
    text, result = of_city(answers, put_heading("东兴社区", "自评总分", 12))
    assert sorted(finding.rule for finding in result.findings if finding.is_open) == ["C01", "C07", "T01"]
    assert "必须修改的有1处，需要核实的有1处。另有1处新表已自动恢复，不用处理。具体如下：" in text
    assert "总分" not in text
    plain = of_city(answers, put_heading("东兴社区", "自评总分", 12), [])[0]
    assert "必须修改的有1处，需要核实的有2处。具体如下：" in plain and "总分" in plain


def test_where_all_is_restored_it_is_told_what_remains_to_be_done():
    text, _ = of_city(change=put_heading("东兴社区", "自评总分", 12))
    assert "需要核实的有1处。具体如下：\n　　1. 【需核实】东兴社区：" in text
    assert "新表已自动恢复，不用改动，请核对后重新报送。" in text and "另有" not in text


def test_one_community_on_two_sheets_is_told_once():
    def twice(book):
        page = book.copy_worksheet(book["东兴社区"])
        page.title = "东兴二"
        page[cell_of(page, "1.1", "扣分")] = 3

    text, result = of_city(change=twice)
    assert [finding.rule for finding in result.findings].count("S03") == 2
    assert text.count("在这个文件中有多张表") == 1
    assert re.search("（“东兴二”表[A-Z]+[0-9]+、“东兴社区”表[A-Z]+[0-9]+）", text)


def test_why_an_explanation_was_not_accepted_is_told():
    refused = dataclasses.replace(VERIFY, refusal="情况说明“属实”没有说出理由，没有采用；请写明依据。")
    text = write(demo.unit("532301", "楚雄市", [EAST], findings=[refused])).body
    assert "不符。情况说明“属实”没有说出理由，没有采用；请写明依据。请核对。（" in text


def test_waived_without_a_score_is_told_where_all_has_passed():
    hidden = dataclasses.replace(WAIVED, place=dataclasses.replace(WAIVED.place, community="532301101002"))
    words = "1个社区有免予处理的问题，不能计分，不计入达标：学桥街社区。"
    passed = write(demo.unit("532301", "楚雄市", [EAST, OPEN], findings=[hidden])).body
    assert f"没有还要你单位修改的内容，审核通过；但{words}" in passed and "符合填报要求" not in passed
    assert f"其中{words}" in write(demo.unit("532301", "楚雄市", [EAST, OPEN], findings=[hidden, VERIFY])).body


def test_passed():
    unit = demo.unit("532301", "楚雄市", [EAST, ABSENT], findings=[NOTE, EXPLAINED, WAIVED], submission=2,
                     files=(file(received=china(22)), file(FileState.SUPERSEDED, path="旧.xlsx", received=china(21))))  # fmt: skip
    text = write(unit, attachments=[("discrepancy", "楚雄市_差异报告.xlsx")])
    assert text.title == "关于楚雄市2021年度绿色社区创建年度总结材料审核通过的函"
    assert "（第2批，迟报1天）收悉。经审核，材料符合填报要求，没有需要修改的内容，审核通过。" in text.body
    assert "共有城市社区2个，已报1个。核定得分80分以上（含）、达标的1个，未达标0个，未报1个，完成比例50.00%。" in text.body
    assert "作了说明并予采纳的1处，免予处理的1处。" in text.body
    assert "请在2021年10月20日前补报，补报时“汇总”表的“报送批次”填3。" in text.body
    assert "附件：1. 楚雄市_差异报告.xlsx\n" in text.body


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (18, "截止日期为2021年10月20日，还有2天，请抓紧办理，按时报送。"),
        (20, "今天（2021年10月20日）截止，请于今天报送。"),
        (23, "截止日期为2021年10月20日，已过3天，请尽快报送。"),
    ],
)
def test_chased_before_on_and_after_the_deadline(day, words):
    unit = missing()
    text = write(unit, demo.region([unit], run_date=datetime.date(2021, 10, day)))
    assert text.title == "关于催报楚雄市2021年度绿色社区创建年度总结材料的函"
    assert f"截至2021年10月{day}日，尚未收到你单位" in text.body and words in text.body
    assert "附件：" not in text.body


@pytest.mark.parametrize(("day", "words"), [(19, "于2021年10月20日前"), (20, "于今天（2021年10月20日）"),
                                            (21, "尽快（截止日期为2021年10月20日，已过1天）")])  # fmt: skip
def test_to_be_sent_again_before_on_and_after_the_deadline(day, words):
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[BACK])
    assert f"，{words}把整个工作簿重新报送我单位。" in write(unit, demo.region([unit], run_date=datetime.date(2021, 10, day))).body


def test_chased_with_what_was_wrong_with_the_file():
    text = write(REJECTED, attachments=[("discrepancy", "楚雄市_差异报告.xlsx")])
    assert text.title == "关于请重新报送楚雄市2021年度绿色社区创建年度总结材料的函"
    assert "　　1. “楚雄.xls”：文件加了密码，打不开。请去掉密码后重新发送。\n" in text.body and "尚未收到" not in text.body


def test_many_problems_are_listed_up_to_ten():
    found = [dataclasses.replace(BACK, rule=f"C{n:02d}", message=f"第{n}个问题。") for n in range(1, 15)]
    text = write(demo.unit("532301", "楚雄市", [EAST], findings=found))
    assert "必须修改的有14处。主要问题如下，其余4条见附件：" in text.body
    assert len(re.findall("【退回】", text.body)) == 10


def test_equal_problems_are_told_once():
    found = [dataclasses.replace(BACK, message=f"条款{n}没有填写。", place=dataclasses.replace(BACK.place, cell=f"G{n}"))
             for n in range(10, 18)]  # fmt: skip
    text = write(demo.unit("532301", "楚雄市", [EAST], findings=found))
    assert ("1. 【退回】东兴社区：条款未填（共8处），例如：条款10没有填写。请填写。"
            "（“东兴社区”表G10、G11、G12、G13、G14、G15等8处）") in text.body  # fmt: skip


def test_a_sample_is_marked_whatever_the_template_says():
    unit = missing()
    text = write(unit, dataclasses.replace(demo.region([unit]), sample=True))
    assert text.title.startswith("【示例】关于催报") and text.body.startswith("【示例】本函由示例数据生成")


def test_the_text_is_for_every_notepad():
    raw = write(missing()).for_notepad()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r\n" in raw
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_every_placeholder_is_given_and_explained():
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[BACK])
    assert values_for(unit, demo.region([unit]), []).keys() == PLACEHOLDERS.keys()
    for letter in Letter:
        comment = (FOLDER / f"{letter}.txt").read_text(encoding="utf-8").partition("#}")[0]
        assert set(re.findall(r"[\u4e00-\u9fff]+", comment)) >= PLACEHOLDERS.keys()


# --- templates that people edit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "save",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode("gbk"),
        lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    ],
    ids=["UTF-8", "BOM", "CRLF", "ANSI", "Unicode"],
)
def test_saved_in_any_way_the_template_reads_the_same(templates, save):
    for path in templates.iterdir():
        path.write_bytes(save(path.read_text(encoding="utf-8")))
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[BACK])
    assert write(unit, folder=templates) == write(unit)


BROKEN = {
    "unknown": ("楚雄\n{{ 单位名称 }}：\n", "信函模板“催报.txt”第2行：“单位名称”不是可以使用的名称，您是不是想写“单位”。这一行是：{{ 单位名称 }}："),
    "unknown where it is rarely used": ("甲\n{% if 还有几天 < -900 %}\n{{ 天数 }}\n{% endif %}\n", "第3行：“天数”不是可以使用的名称"),
    "unknown field": ("{% for 文件 in 未采用文件 %}{{ 文件.理由 }}{% endfor %}函", "第1行：“理由”不是可以使用的名称"),
    "unclosed": ("函\n{% if 退回数 %}\n有\n", "要有{% endif %}"),
    "unclosed braces": ("函\n{{ 单位 }\n", "第2行附近的写法有误"),
    "nonsense": ("函\n{% 如果 退回数 %}\n", "第2行附近的写法有误"),
    "unknown filter": ("函\n{{ 单位|大写 }}\n", "第2行：“大写”不是可以使用的写法"),
    "full width": ("函\n\n｛｛ 单位 ｝｝\n", "第3行有全角的“｛｛”，大括号和百分号要用英文半角"),
    "impossible": ("函\n{{ 单位 + 退回数 }}\n", "第2行算不出结果"),
    "out of bounds": ("函\n{{ ''.__class__.__mro__ }}\n", "第2行"),
    "empty": ("\n  \n", "写不出任何内容"),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_in_a_template_is_named(templates, text, words):
    (templates / "催报.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        Letters(templates)
    said = str(caught.value)
    assert words in said and "催报.txt" in said and caught.value.exit_status == 2
    assert not re.search("[A-Za-z]{4,}", said.replace("endif", "").replace("endfor", "").replace("__class__.__mro__", "")), said


def test_what_a_letter_always_has_may_be_used_without_asking(templates):
    (templates / "退回修改.txt").write_text("{{ 单位 }}函\n{{ 问题[0].问题 }}{{ 附件[0] }}{{ 100 * 达标数 // 社区数 }}", encoding="utf-8")
    unit = demo.unit("532301", "楚雄市", [EAST, ABSENT], findings=[BACK])
    assert write(unit, attachments=[("discrepancy", "报告.xlsx")], folder=templates).body == "楚雄市函\n没有填写。报告.xlsx50\n"


def test_a_line_of_tags_alone_leaves_no_line_and_an_end_of_line_stays(templates):
    text = "函\n  {% if 社区数 %} \n甲{% if 社区数 %}乙{% endif %}\n{% else %}\n丁\n{% endif %}\n{% for 数 in [1, 2] %}\n{{ 数 }}\n{% endfor %}\n完\n"
    (templates / "催报.txt").write_text(text, encoding="utf-8")
    assert write(missing(), folder=templates).body == "函\n甲乙\n1\n2\n完\n"


def test_a_template_that_is_missing_or_no_text(templates):
    (templates / "审核通过.txt").unlink()
    with pytest.raises(UserError, match="找不到信函模板“审核通过.txt”，请把它放回“templates/letters”文件夹"):
        Letters(templates)
    (templates / "审核通过.txt").mkdir()
    with pytest.raises(UserError, match="信函模板“审核通过.txt”打不开"):
        Letters(templates)
    (templates / "审核通过.txt").rmdir()
    (templates / "审核通过.txt").write_bytes(b"\xff\x00\x81\xff")
    with pytest.raises(UserError, match="不是文本文件"):
        Letters(templates)


def test_a_mistake_in_a_template_costs_no_result(place, monkeypatch, tmp_path, capsys):  # noqa: F811
    from greencomm import cli, outputs

    put(place, "双柏县.xlsx", form(COUNTY))
    monkeypatch.chdir(place)
    assert cli.main(["--date", "2021-10-18"]) in (0, 1)
    before = {path: path.read_bytes() for path in (place / "output").rglob("*") if path.is_file()}
    changed = shutil.copytree(TEMPLATES, tmp_path / "other")
    (changed / "letters" / "催报.txt").write_text("{{ 单位 }}{{ 啊 }}", encoding="utf-8")
    monkeypatch.setattr(outputs, "TEMPLATES", changed)
    put(place, "楚雄市.xlsx", form(CITY))
    capsys.readouterr()
    assert cli.main(["--date", "2021-10-18"]) == 2
    assert "信函模板“催报.txt”第1行：“啊”不是可以使用的名称" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (place / "output").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_what_counties_and_the_roster_say_is_never_interpreted(text):
    found = dataclasses.replace(BACK, message=text[:500], fix=text[:500], place=dataclasses.replace(BACK.place, sheet=text[:60]))
    received = demo.unit("532301", text[:200] or "县", [EAST], findings=[found])
    refused = dataclasses.replace(REFUSED, path=text[:200], reason=text[:500], advice=text[:500])
    rejected = dataclasses.replace(REJECTED, files=(refused,))
    for unit in (received, rejected):
        written = write(unit, demo.region([unit], contact=text[:100], phone=text[:100]))
        plain = write(
            dataclasses.replace(unit, unit=dataclasses.replace(unit.unit, name="楚雄市"),
                                findings=(BACK,) if unit is received else (),
                                files=(REFUSED,) if unit is rejected else unit.files)
        )  # fmt: skip
        assert len(written.body.split("\n")) == len(plain.body.split("\n"))
        assert not (UNSAFE | {"\t"}) & set(written.body), ascii(written.body)
        draft = write_mail(written.title, written.body, [], date=DAY, sender=(text, "a@b.cn"), receiver=(text, "c@d.cn"))
        message = email.message_from_bytes(draft)
        assert message.keys() == ["X-Unsent", "X-Greencomm-Draft", "From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
                                  "Content-Type", "Content-Transfer-Encoding"]  # fmt: skip
        assert [address for _, address in email.utils.getaddresses([message["From"], message["To"]])] == ["a@b.cn", "c@d.cn"]
    if "{{7*7}}" in text:
        assert "{{7*7}}" in written.body and "49" not in written.body


# --- mail drafts -------------------------------------------------------------------------------------------------------------

LONG = "禄丰市住房和城乡建设局𠮷田绿色社区创建工作领导小组办公室" * 3 + "_退回修改.xlsx"
NAMES = ["楚雄市_差异报告.xlsx", LONG, "a.xlsx", '半"角;引号\\反斜=?utf-8?Q?x?=.xlsx', "双柏县 （一） 第2批.xlsx"]


def draft_of(names=NAMES, **known):
    given = {"sender": ("楚雄州住房和城乡建设局", "zjj@example.cn"), "receiver": ("楚雄市", "a@example.cn、b@example.cn")} | known
    files = [Attachment(name, f"内容{name}".encode() * 99) for name in names]
    return write_mail("关于修改楚雄市2021年度绿色社区创建年度总结材料的函", "楚雄市：\n　　正文。\n", files, date=DAY, **given)


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 29183, 29184, 29185, 60000])
def test_an_attachment_of_any_size_is_coded_in_lines_of_76_letters(size):
    # 512 lines of 57 bytes (29,184) are coded at a time.
    data = bytes(number % 251 for number in range(size))
    raw = write_mail("函", "文", [Attachment("甲.xlsx", data)], date=DAY)
    (part,) = email.message_from_bytes(raw, policy=email.policy.default).iter_attachments()
    assert part.get_content() == data
    coded = raw.split(b'filename="')[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n--")[0]
    lines = coded.split(b"\r\n")
    assert {len(line) for line in lines[:-1]} <= {76} and len(lines[-1]) <= 76


def test_a_draft_reads_back_with_every_reader():
    raw = draft_of()
    old = email.message_from_bytes(raw)
    new = email.message_from_bytes(raw, policy=email.policy.default)
    assert old["X-Unsent"] == "1"
    assert new["Subject"] == "关于修改楚雄市2021年度绿色社区创建年度总结材料的函"
    assert new["Date"] == "Mon, 18 Oct 2021 00:00:00 +0800"
    assert [(each.display_name, each.addr_spec) for each in new["From"].addresses] == [("楚雄州住房和城乡建设局", "zjj@example.cn")]
    assert [(each.display_name, each.addr_spec) for each in new["To"].addresses] == [("楚雄市", "a@example.cn"), ("", "b@example.cn")]
    _, body, *parts = new.walk()
    assert body.get_content_type() == "text/plain" and body.get_payload(decode=True).decode() == "楚雄市：\r\n　　正文。\r\n"
    assert [part.get_payload(decode=True) for part in parts] == [f"内容{name}".encode() * 99 for name in NAMES]
    assert [part.get_filename() for part in parts] == NAMES
    plain = [part.get_filename() for part in old.walk()][2:]
    assert [str(email.header.make_header(email.header.decode_header(name))) for name in plain] == NAMES
    # What the program's own reader makes of it, once a person has sent it.
    mail = read_mail(raw.replace(b"X-Unsent: 1\r\n", b""))
    assert [member.data for member in mail.members] == [f"内容{name}".encode() * 99 for name in NAMES]
    assert [member.label for member in mail.members[:3]] == NAMES[:3] and mail.members[4].label == NAMES[4]
    assert mail.subject == "关于修改楚雄市2021年度绿色社区创建年度总结材料的函"


@pytest.mark.parametrize("name", NAMES)
def test_names_stand_as_encoded_words_in_both_places(name):
    raw = draft_of([name]).decode("ascii")
    fields = re.findall(r'(?:^| )(name|filename)="([^"]*)"', raw, re.MULTILINE)
    assert [field for field, _ in fields] == ["name", "filename"]
    assert fields[0][1] == fields[1][1]
    words = fields[0][1].split("\r\n ")
    whole = ""
    for word in words:
        coded = re.fullmatch(r"=\?utf-8\?B\?([A-Za-z0-9+/]+=*)\?=", word)
        assert coded and len(word) <= 75
        # Every word is whole characters: some readers decode each for itself.
        whole += base64.b64decode(coded[1]).decode("utf-8")
    assert whole == name
    assert "filename*" not in raw and "name*" not in raw


def test_lines_are_short_and_end_as_mail_wants():
    raw = draft_of()
    assert raw.isascii() and raw.count(b"\n") == raw.count(b"\r\n")
    head = raw.partition(b"\r\n\r\n")[0]
    # RFC 2047 for lines with encoded words; no other is longer than the name of the workbooks' type.
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines if b"=?" in line) <= 76 and max(map(len, lines)) <= 80
    assert all(line.startswith(b" ") or re.match(rb"[A-Za-z-]+: ", line) for line in head.split(b"\r\n"))


def test_no_address_no_field():
    message = email.message_from_bytes(draft_of(sender=("州", ""), receiver=("楚雄市", "没有邮箱")))
    assert "From" not in message and "To" not in message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("zjj@example.cn", ("zjj@example.cn",)),
        ("a@b.cn、c.d@e-f.gov.cn", ("a@b.cn", "c.d@e-f.gov.cn")),
        ("a@b.cn；c@d.cn, e@f.cn\ng@h.cn", ("a@b.cn", "c@d.cn", "e@f.cn", "g@h.cn")),
        ("a@b.cn、没有", ()),
        ("楚雄 <a@b.cn>", ()),
        ("a@b", ()),
        ("a@b.cn\r\nBcc: x@y.cn", ()),
    ],
)
def test_addresses_of_a_cell(text, found):
    assert addresses(text) == found


def test_same_letter_same_bytes_and_another_letter_another_id():
    assert draft_of() == draft_of()
    one, two = email.message_from_bytes(draft_of()), email.message_from_bytes(draft_of(["a.xlsx"]))
    assert one["Message-ID"] != two["Message-ID"]


def test_characters_outside_the_plane_are_not_cut():
    for word in encoded_words("𠮷" * 40).split("\r\n "):
        assert set(base64.b64decode(word[10:-2]).decode()) == {"𠮷"}


# --- our own drafts among what was received ----------------------------------------------------------------------------------


def test_a_draft_put_into_the_input_is_no_submission(tmp_path):
    raw = write_mail("函", "文", [Attachment("楚雄市_退回修改.xlsx", form(CITY))], date=DAY)
    mail, inner = opened(tmp_path, "楚雄市_退回修改.eml", raw)
    assert (mail.ignored, inner.ignored) == (OWN_DRAFT, OWN_DRAFT) and inner.form is None
    (alone,) = opened(tmp_path, "楚雄市_催报.eml", write_mail("函", "文", [], date=DAY))
    assert alone.ignored == OWN_DRAFT and alone.refused is None


@pytest.mark.parametrize("how", ["sent", "filled in"])
def test_a_draft_that_somebody_worked_on_is_read(tmp_path, how):
    raw = write_mail("函", "文", [Attachment("楚雄市_退回修改.xlsx", form(CITY))], date=DAY)
    if how == "sent":
        raw = raw.replace(b"X-Unsent: 1\r\n", b"")
    else:
        other = write_mail("函", "文", [Attachment("楚雄市_退回修改.xlsx", form(CITY, submission=2))], date=DAY)
        mark = re.search(rb"X-Greencomm-Draft: (\w+)", raw)[1]
        raw = re.sub(rb"(X-Greencomm-Draft: )\w+", rb"\g<1>" + mark, other)
    assert [state(each) for each in opened(tmp_path, "回复.eml", raw)] == ["container", "form"]


# --- the whole run -----------------------------------------------------------------------------------------------------------


def test_letters_and_drafts_of_a_run(place):  # noqa: F811
    put(place, "楚雄市.xlsx", form(CITY, {"532301101001": clean(c1_1=(None, None, None))}))
    roster_with(place, with_addresses)
    _, result, _ = review(place)
    folder = place / "output" / "2021-annual"
    made = {(output["role"], output["unit"]): output["path"] for output in result["outputs"]}
    assert made["letter", "532301"] == "units/楚雄市/楚雄市_退回修改.txt" and made["mail", "532301"] == "units/楚雄市/楚雄市_退回修改.eml"
    assert made["letter", "532322"] == "units/双柏县/双柏县_催报.txt" and made["status", None] == "status.xlsx"
    message = email.message_from_bytes((folder / made["mail", "532301"]).read_bytes(), policy=email.policy.default)
    assert str(message["To"]) == "楚雄市 <cx@example.cn>" and "州住建局" in str(message["From"])
    attached = {part.get_filename() for part in message.iter_attachments()}
    assert "楚雄市_差异报告.xlsx" in attached
    text = (folder / made["letter", "532301"]).read_bytes().decode("utf-8-sig")
    assert message.get_body().get_content().splitlines() == text.splitlines()
    for part in message.iter_attachments():
        assert part.get_payload(decode=True) == (folder / "units" / "楚雄市" / part.get_filename()).read_bytes()


def with_addresses(book):
    page = book["填报单位"]
    column = next(cell.column for cell in page[1] if cell.value == "电子邮箱")
    page.cell(2, column, "cx@example.cn")
    batch = book["批次"]
    next(row for row in batch.iter_rows() if row[0].value == "电子邮箱")[1].value = "zjj@example.cn"


def test_what_others_send_changes_no_byte_of_a_letter(tmp_path):
    both, alone = tmp_path / "both", tmp_path / "alone"
    for folder, files in ((both, {"楚雄市.xlsx": form(CITY), "双柏县.xlsx": form(COUNTY)}), (alone, {"楚雄市.xlsx": form(CITY)})):
        folder.mkdir()
        made = list(write_outputs(folder, judge(*(arrive(name, data) for name, data in files.items()))))
        assert {"letter", "mail"} <= {each.role for each in made}
    for path in sorted((both / "units" / "楚雄市").iterdir()):
        if path.name.endswith("总结评估报告.docx"):
            continue  # It compares with the region, so that what others send belongs in it (S-29).
        assert path.read_bytes() == (alone / "units" / "楚雄市" / path.name).read_bytes(), path.name


def test_a_letter_attaches_what_was_made_for_the_unit(tmp_path):
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[BACK])
    (tmp_path / "甲").mkdir()
    for name in ("甲_退回修改.xlsx", "甲_差异报告.xlsx", "甲_附件2.xlsx"):
        (tmp_path / "甲" / name).write_bytes(name.encode())
    made = [Made("discrepancy", "532301", "甲/甲_差异报告.xlsx"), Made("return", "532301", "甲/甲_退回修改.xlsx"),
            Made("unit_annex2", "532301", "甲/甲_附件2.xlsx")]  # fmt: skip
    letter, mail = write_letter(tmp_path, "甲/甲", unit, demo.region([unit]), Letters(FOLDER), made)
    assert (letter.path, mail.path) == ("甲/甲_退回修改.txt", "甲/甲_退回修改.eml")
    message = email.message_from_bytes((tmp_path / mail.path).read_bytes(), policy=email.policy.default)
    assert [part.get_filename() for part in message.iter_attachments()] == ["甲_退回修改.xlsx", "甲_差异报告.xlsx"]
