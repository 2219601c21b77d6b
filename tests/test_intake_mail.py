"""Mails: attachment names in every spelling, damage, nesting, the time of receipt."""

from __future__ import annotations

import base64
import binascii
import datetime

import pytest
from intake import DATE, TEXT, TYPE, archive, attachment, mail, opened, part, states
from season import CITY, COUNTY, form, judge

from greencomm.intake.mails import header_text, sent_at
from greencomm.results import FileState, UnitState

CITY_FORM, COUNTY_FORM = form(CITY), form(COUNTY)
NOON = datetime.datetime(2021, 10, 12, 1, 30, tzinfo=datetime.UTC)


def b64(text: str, charset: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def percent(text: str, charset: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(charset))


LONG = "楚雄市绿色社区创建年度总结填报工作簿（最终版）.xlsx"
GBK_LONG = percent(LONG, "gbk")
UTF8_LONG = LONG.encode()
HALF = base64.b64encode(UTF8_LONG[:13]).decode(), base64.b64encode(UTF8_LONG[13:]).decode()
NAMES = {
    "plain": ('attachment; filename="chuxiong.xlsx"', TYPE, "chuxiong.xlsx"),
    "without quotes": ("attachment; filename=chuxiong.xlsx", TYPE, "chuxiong.xlsx"),
    "RFC 2231": (f"attachment; filename*=UTF-8'zh'{percent('楚雄市.xlsx', 'utf-8')}", TYPE, "楚雄市.xlsx"),
    "RFC 2231, GBK": (f"attachment; filename*=GBK''{percent('楚雄市.xlsx', 'gbk')}", TYPE, "楚雄市.xlsx"),
    "RFC 2231, GB2312 that is GBK": (f"attachment; filename*=gb2312''{percent('喆镕.xlsx', 'gbk')}", TYPE, "喆镕.xlsx"),
    "RFC 2231 in parts": (
        f"attachment;\r\n filename*0*=GBK''{GBK_LONG[:50]};\r\n filename*1*={GBK_LONG[50:90]};\r\n filename*2*={GBK_LONG[90:]}",
        TYPE, LONG,
    ),
    "RFC 2231, parts out of order": (
        f"attachment; filename*1*={GBK_LONG[51:]}; filename*0*=GBK''{GBK_LONG[:51]}", TYPE, LONG,
    ),
    "RFC 2231, plain parts": ('attachment; filename*0="chu"; filename*1="xiong.xlsx"', TYPE, "chuxiong.xlsx"),
    "RFC 2231, mixed parts": (
        f"attachment; filename*0*=UTF-8''{percent('楚雄', 'utf-8')}; filename*1=\"-a.xlsx\"", TYPE, "楚雄-a.xlsx",
    ),
    "RFC 2231 before the plain name": (
        f"attachment; filename=\"??.xlsx\"; filename*=UTF-8''{percent('双柏县.xlsx', 'utf-8')}", TYPE, "双柏县.xlsx",
    ),
    "RFC 2047": (f'attachment; filename="{b64("楚雄市.xlsx", "GB2312")}"', TYPE, "楚雄市.xlsx"),
    "RFC 2047 without quotes": (f"attachment; filename={b64('楚雄市.xlsx', 'GB18030')}", TYPE, "楚雄市.xlsx"),
    "RFC 2047, folded": (
        f'attachment;\r\n\tfilename="{b64("楚雄市绿色社区", "UTF-8")}\r\n {b64("填报工作簿.xlsx", "UTF-8")}"', TYPE,
        "楚雄市绿色社区填报工作簿.xlsx",
    ),
    "RFC 2047, a character cut in two": (
        f'attachment; filename="=?utf-8?B?{HALF[0]}?= =?utf-8?B?{HALF[1]}?="', TYPE, LONG,
    ),
    "RFC 2047, quoted-printable": ('attachment; filename="=?gbk?Q?=B3=FE=D0=DB=CA=D0_1.xlsx?="', TYPE, "楚雄市 1.xlsx"),
    "RFC 2047 in name only": ("attachment", f'{TYPE}; name="{b64("楚雄市.xlsx", "GBK")}"', "楚雄市.xlsx"),
    "name where filename is spoilt": (
        b'attachment; filename*=UTF-8\'\'%B3%FE%FF%FF%FF.xlsx', f'{TYPE}; name="{b64("楚雄市.xlsx", "GBK")}"', "楚雄市.xlsx",
    ),
    "raw GBK": (b'attachment; filename="' + "楚雄市.xlsx".encode("gbk") + b'"', TYPE, "楚雄市.xlsx"),
    "raw UTF-8": (b'attachment; filename="' + "楚雄市.xlsx".encode() + b'"', TYPE, "楚雄市.xlsx"),
    "percent signs": (f'attachment; filename="{percent("楚雄市", "utf-8")}.xlsx"', TYPE, "楚雄市.xlsx"),
    "a quote that never ends": ('attachment; filename="chuxiong.xlsx', TYPE, "chuxiong.xlsx"),
    "a semicolon within": ('attachment; filename="a;b.xlsx"; size=3', TYPE, "a;b.xlsx"),
    "a path of Windows": ('attachment; filename="C:\\报送\\楚雄市.xlsx"'.encode(), TYPE, "报送/楚雄市.xlsx"),
    "a way out": ('attachment; filename="../../a.xlsx"', TYPE, "a.xlsx"),
    "a charset that nobody knows": (f"attachment; filename*=x-none''{percent('楚雄市.xlsx', 'gbk')}", TYPE, "楚雄市.xlsx"),
    "inline": ('inline; filename="chuxiong.xlsx"', TYPE, "chuxiong.xlsx"),
    "no name": ("attachment", TYPE, "附件1.xlsx"),
    "no name, no type": ("attachment", "application/octet-stream", "附件1.xlsx"),
}  # fmt: skip


@pytest.mark.parametrize("how", NAMES)
def test_the_name_that_the_sender_gave(tmp_path, how):
    disposition, kind, expected = NAMES[how]
    arrivals = opened(tmp_path, "mail.eml", mail(attachment(CITY_FORM, disposition, kind)))
    assert states(arrivals) == {"mail.eml": "container", f"mail.eml/{expected}": "form"}


def test_a_subject_in_words_of_rfc_2047():
    assert header_text(f"Re: {b64('楚雄市', 'GBK')} {b64('报送', 'GBK')} v2") == "Re: 楚雄市报送 v2"
    assert header_text("=?utf-8?Q?a?b?=") == "a?b"


def test_the_mails_date_is_the_time_of_receipt_of_all_within(tmp_path):
    inner = archive({"双柏县.xlsx": COUNTY_FORM})
    data = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"), attachment(inner, "attachment; filename=b.zip"))
    arrivals = opened(tmp_path, "mail.eml", data)
    assert list(states(arrivals)) == ["mail.eml", "mail.eml/a.xlsx", "mail.eml/b.zip", "mail.eml/b.zip/双柏县.xlsx"]
    assert {arrival.received for arrival in arrivals} == {NOON}


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 12 Oct 2021 09:30:00 +0800", NOON),
        ("Tue, 12 Oct 2021 01:30:00 GMT", NOON),
        ("12 Oct 2021 01:30:00 -0000", NOON),
        ("Tue, 12 Oct 2021 09:30:00", NOON),
        ("Tue, 12 Oct 2021 09:30:00 +0800 (CST)", NOON),
        ("", None),
        ("2021年10月12日", None),
        ("Tue, 99 Oct 2021 99:30:00 +0800", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
    ],
)
def test_dates(date, expected):
    assert sent_at(date) == expected


def test_a_mail_without_a_date_is_read_all_the_same(tmp_path):
    for date in (None, "neulich"):
        arrivals = opened(tmp_path, "mail.eml", mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"), date=date))
        assert [arrival.received for arrival in arrivals] == [None, None] and arrivals[1].form


def test_a_mail_without_attachment_is_rejected_with_what_to_ask_for(tmp_path):
    result = judge(*opened(tmp_path, "mail.eml", mail()))
    (row,) = result.files
    assert row.state is FileState.REJECTED and "没有附件" in row.reason and "作为附件重新发送" in row.advice


def test_a_link_to_a_cloud_is_no_attachment(tmp_path):
    words = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>从QQ邮箱发来的超大附件</p>".encode()
    (arrival,) = opened(tmp_path, "mail.eml", mail(words))
    assert "超大附件" in arrival.refused and "普通附件" in arrival.advice


def test_small_pictures_of_the_text_are_ignored_and_large_ones_are_not(tmp_path):
    logo, photo = b"\x89PNG" + b"\1" * 5000, b"\xff\xd8\xff" + b"\1" * 900_000
    data = mail(
        part(logo, 'Content-Type: image/png; name="logo.png"', "Content-ID: <1>"),
        part(logo, "Content-Type: image/png", "Content-Disposition: inline"),
        part(photo, 'Content-Type: image/jpeg; name="form.jpg"', "Content-ID: <2>"),
        attachment(logo, 'attachment; filename="pic.png"', "image/png"),
        attachment(CITY_FORM, "attachment; filename=a.xlsx"),
    )
    arrivals = opened(tmp_path, "mail.eml", data)
    assert states(arrivals) == {
        "mail.eml": "container", "mail.eml/logo.png": "ignored", "mail.eml/附件2.png": "ignored",
        "mail.eml/form.jpg": "refused", "mail.eml/pic.png": "refused", "mail.eml/a.xlsx": "form",
    }  # fmt: skip
    assert arrivals[1].ignored == "邮件正文中的图片"


def test_a_mail_with_nothing_but_a_signature_is_without_attachment(tmp_path):
    logo = part(b"\x89PNG" + b"\1" * 500, "Content-Type: image/png", "Content-ID: <1>")
    arrivals = opened(tmp_path, "mail.eml", mail(logo))
    assert states(arrivals) == {"mail.eml": "refused", "mail.eml/附件1.png": "ignored"}
    assert {file.path: file.state.value for file in judge(*arrivals).files} == {
        "mail.eml": "rejected", "mail.eml/附件1.png": "ignored"
    }


def coded(body: bytes, coding: str) -> bytes:
    head = f'Content-Type: {TYPE}\r\nContent-Disposition: attachment; filename="a.xlsx"\r\nContent-Transfer-Encoding: {coding}\r\n\r\n'
    return head.encode() + body


def uuencoded(data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[i : i + 45]) for i in range(0, len(data), 45)]
    return b"begin 644 a.xlsx\n" + b"".join(lines) + b"`\nend\n"


CODINGS = {
    "quoted-printable": coded(binascii.b2a_qp(CITY_FORM, istext=False), "quoted-printable"),
    "uuencode": coded(uuencoded(CITY_FORM), "x-uuencode"),
    "base64 in one line": coded(base64.b64encode(CITY_FORM), "BASE64"),
    "base64 without padding": coded(base64.b64encode(CITY_FORM).rstrip(b"="), "base64"),
    "base64 with foreign characters": coded(base64.b64encode(CITY_FORM).replace(b"A", b"A!\r\n ", 50), "base64"),
    "uuencoded in the text": TEXT + b"\r\n\r\n" + uuencoded(CITY_FORM),
}


@pytest.mark.parametrize("how", CODINGS)
def test_codings(tmp_path, how):
    assert states(opened(tmp_path, "m.eml", mail(CODINGS[how]))) == {"m.eml": "container", "m.eml/a.xlsx": "form"}


DAMAGE = {
    "base64 cut in the middle": coded(base64.b64encode(CITY_FORM)[:20_001], "base64"),
    "base64 overwritten": coded(base64.b64encode(CITY_FORM)[:20_000] + "（已拦截）".encode() * 99, "base64"),
    "uuencoded lines lost": coded(uuencoded(CITY_FORM).replace(b"\nM", b"\nm\xff", 9), "x-uuencode"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_coding_is_named_as_such(tmp_path, how):
    arrivals = opened(tmp_path, "m.eml", mail(DAMAGE[how], attachment(COUNTY_FORM, "attachment; filename=b.xlsx")))
    assert states(arrivals) == {"m.eml": "container", "m.eml/a.xlsx": "refused", "m.eml/b.xlsx": "form"}
    assert "邮件传输" in arrivals[1].refused and "重新发送" in arrivals[1].advice


def test_a_mail_cut_in_the_middle_of_an_attachment(tmp_path):
    data = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"))
    arrivals = opened(tmp_path, "m.eml", data[:20_000])
    assert states(arrivals) == {"m.eml": "container", "m.eml/a.xlsx": "refused"}


def forwarded(inner: bytes, *headers: str) -> bytes:
    return "\r\n".join(["Content-Type: message/rfc822", *headers, "", ""]).encode() + inner


def test_a_forwarded_mail_has_its_own_row_and_its_own_date(tmp_path):
    inner = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"), date="Mon, 11 Oct 2021 08:00:00 +0800", subject="inner")
    arrivals = opened(tmp_path, "m.eml", mail(forwarded(inner), attachment(COUNTY_FORM, "attachment; filename=b.xlsx")))
    assert states(arrivals) == {
        "m.eml": "container", "m.eml/inner.eml": "container", "m.eml/inner.eml/a.xlsx": "form", "m.eml/b.xlsx": "form",
    }  # fmt: skip
    sent = datetime.datetime(2021, 10, 11, tzinfo=datetime.UTC)
    assert [arrival.received for arrival in arrivals] == [NOON, sent, sent, NOON]


def test_a_forwarded_mail_without_a_date_came_with_the_outer_one(tmp_path):
    inner = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"), date=None)
    arrivals = opened(tmp_path, "m.eml", mail(forwarded(inner, 'Content-Disposition: attachment; filename="r.eml"')))
    assert {arrival.path: arrival.received for arrival in arrivals} == {
        "m.eml": NOON, "m.eml/r.eml": NOON, "m.eml/r.eml/a.xlsx": NOON,
    }  # fmt: skip


def test_a_forwarded_mail_in_base64(tmp_path):
    inner = base64.encodebytes(mail(attachment(CITY_FORM, "attachment; filename=a.xlsx")))
    arrivals = opened(tmp_path, "m.eml", mail(forwarded(inner, "Content-Transfer-Encoding: base64")))
    assert states(arrivals)["m.eml/report.eml/a.xlsx"] == "form"


def test_mails_nested_deeper_are_rejected(tmp_path):
    data = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"), subject="3")
    for subject in ("2", "1"):
        data = mail(forwarded(data), subject=subject)
    arrivals = opened(tmp_path, "m.eml", data)
    assert states(arrivals) == {"m.eml": "container", "m.eml/2.eml": "container", "m.eml/2.eml/3.eml": "refused"}
    assert "好几层" in arrivals[2].refused


def test_mails_in_an_archive_and_a_wrong_extension(tmp_path):
    data = mail(attachment(CITY_FORM, "attachment; filename=a.xlsx"))
    arrivals = opened(tmp_path, "a.zip", archive({"m.eml": data, "m.txt": data}))
    assert states(arrivals)["a.zip/m.eml/a.xlsx"] == states(arrivals)["a.zip/m.txt/a.xlsx"] == "form"


def test_equal_names_are_told_apart(tmp_path):
    one, other = (attachment(data, "attachment; filename=a.xlsx") for data in (CITY_FORM, COUNTY_FORM))
    assert list(states(opened(tmp_path, "m.eml", mail(one, other)))) == ["m.eml", "m.eml/a.xlsx", "m.eml/a(2).xlsx"]


def test_the_subject_tells_whose_file_could_not_be_read(tmp_path):
    data = mail(attachment(b"%PDF", "attachment; filename=1.pdf"), subject=b64("双柏县绿色社区报送", "GBK"))
    result = judge(*opened(tmp_path, "1.eml", data))
    assert [unit.state for unit in result.units] == [UnitState.MISSING, UnitState.REJECTED]


def test_electronic_signatures_are_ignored(tmp_path):
    data = mail(
        attachment(CITY_FORM, "attachment; filename=a.xlsx"),
        attachment(b"\x30\x80", "attachment; filename=smime.p7s", "application/pkcs7-signature"),
    )
    assert states(opened(tmp_path, "m.eml", data))["m.eml/smime.p7s"] == "ignored"


def test_random_damage_never_raises(tmp_path):
    data = mail(attachment(CITY_FORM, NAMES["RFC 2231 in parts"][0]), forwarded(mail(attachment(b"x", "attachment"))))
    for place in range(0, 3000, 23):
        found = opened(tmp_path, "m.eml", data[:place] + b"\xff\"=?;\n" + data[place + 3 :])
        assert "nothing" not in states(found).values()
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000))
    (arrival, *_) = opened(tmp_path, "m.eml", f"From: a\r\nDate: {DATE}\r\n".encode() + deep)
    assert arrival.refused
