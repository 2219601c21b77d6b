"""Every limit of what is opened, in one place, each with its reason.

A limit stands between the largest genuine workbook that was seen (60 MB unpacked, 1,033 parts, packed 121 to 1, among
3,829 public ones) and what would cost a county's old computer its memory or a clerk her afternoon. A form of this
programme has 0.4 MB, 100 parts and 30,000 cells; none of these limits is near it.
"""

from __future__ import annotations

MB = 1024 * 1024

# --- the file on disk -------------------------------------------------------------------------------------------------
MAX_FILE_SIZE = 128 * MB
"""Bytes. Mail services of the country stop at 50 MB a message; an archive of a whole prefecture stays below."""
MAX_WORKBOOK = 64 * MB
"""Bytes. Genuine workbooks of this programme stay below 10 MB; a larger file is a picture collection or a mistake."""

# --- archives and mails -----------------------------------------------------------------------------------------------
MAX_ENTRIES = 5_000
"""Members of one file on disk, all levels together. A whole prefecture's return with photos has some hundred."""
MAX_UNPACKED = 512 * MB
"""Bytes unpacked from one file on disk, all levels together; a compression bomb has gigabytes."""
MAX_MEMBER_RATIO, MEMBER_RATIO_FLOOR = 200, 4 * MB
"""How far a member may be compressed, beyond so many bytes. Parts of genuine workbooks were seen with 121; a workbook in an
archive is packed already."""
MAX_LEVELS = 2
"""Archives within each other, and mails within each other: each nested once."""
MAX_NAMES_READ = 20_000
"""Entries of a zip's directory that are looked at to tell what it is; genuine workbooks were seen with 1,033 parts."""
MAX_SIGNATURE_PICTURE = 256 * 1024
"""Bytes of a picture shown within the text that is taken for a logo or a signature; a photographed form is larger."""
MAX_LABEL = 200
"""Characters of one name within a container; no file system holds a longer one."""

# --- the zip ----------------------------------------------------------------------------------------------------------
MAX_PARTS = 10_000
"""Parts of a package: ten times the most that was seen. A million empty parts would take gigabytes for their names alone."""
MAX_EXPANDED = 200 * MB
"""Bytes of all parts unpacked: three times the most that was seen. A compression bomb has gigabytes."""
MAX_RATIO = 400
"""Unpacked to packed bytes of the whole package: three times the most that was seen; deflate can reach 1,032."""
RATIO_FLOOR = 8 * MB
"""Bytes unpacked below which the ratio does not matter: so little harms nobody, and many equal rows pack that well."""

# --- XML --------------------------------------------------------------------------------------------------------------
MAX_DEPTH = 128
"""Elements within elements. Spreadsheet parts have some 10, drawings 30; each level costs the parser memory."""
MAX_TOKEN = MB
"""Bytes of a tag with the text behind it. A cell holds 32,767 characters, as numeric references at most 300 KB; so the
attributes of one element are bounded too, in number and length."""
MAX_ATTRIBUTES = 1_000
"""Attributes of an element. Spreadsheet parts have some 20, foreign extensions a few dozen."""

# --- sheets -----------------------------------------------------------------------------------------------------------
MAX_SHEETS = 2_000
"""Sheets of a workbook. The largest county has 60 communities; a prefecture in one workbook would have 300."""
MAX_CELLS = 3_000_000
"""Cells of a workbook, blank ones included: what 60 MB of genuine XML can hold; a form has some 500 a sheet."""
MAX_ROWS = 3_000_000
"""Row elements of a workbook, empty ones included: three whole sheets of formatted rows, as genuine workbooks have."""
MAX_MERGES = 100_000
"""Merged ranges of a workbook. A form has 30 a sheet, the largest public ones some 20,000."""
MAX_COVERED = 3_000_000
"""Cells within merged and array ranges of a sheet; looked at one by one, so bounded like the cells themselves."""
MAX_SECOND_READING = 2_000_000
"""Cells of a sheet's used rectangle. Calamine lays it out whole, so that one cell in XFD1048576 would take all memory;
beyond it the second reading is left out, and said to be."""
MAX_TEXT = 32_767
"""Characters of a cell, which is what Excel holds."""
MAX_NAME = 255
"""Characters of a sheet's name. Excel allows 31, other programs more; a longer one is no name."""

# --- findings ---------------------------------------------------------------------------------------------------------
MAX_FORMULA_SHOWN = 60
"""Characters of a formula that are shown in place of its missing value."""
MAX_DOUBTS = 20
"""Unreadable cells of a sheet that are told of one by one; the rest is counted."""

# --- worker processes -------------------------------------------------------------------------------------------------
MAX_WORKERS = 4
"""Processes at once: each may take MAX_MEMORY, and offices have computers of 8 GB."""
MAX_MEMORY = 2048 * MB
"""Bytes that opening one file may take beyond what the program takes anyway. 70 MB of genuine XML take 0.9 GB."""
MAX_SECONDS = 120
"""Seconds that opening one file may take, and SECONDS_PER_MB for each MB of it. 70 MB of genuine XML take 11 on a computer
of 2023; an old one that does other things besides takes several times as long."""
SECONDS_PER_MB = 10
"""An archive of 64 MB may hold some hundred workbooks."""
