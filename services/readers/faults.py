"""What is said of a file that cannot be read: one sentence for each cause, with the limit or the way out."""

from models.errors import Fault, Invalid, say


def refuse(code, sentence):
    """An Invalid about the file as a whole."""
    return Invalid([Fault("", code, sentence)])


def address(row, at):
    """ "B17" of row 17 and the second column (at 1)."""
    return f"{letter(at)}{row}"


def letter(at):
    """ "A" of 0, "AB" of 27."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def empty(name):
    return refuse("empty_file", say("文件「{name}」是空的。", name=name))


def wrong_kind(name, kind):
    return refuse(
        "file_kind",
        say("文件「{name}」是{kind}，不能导入，请用 .xlsx、.xls、.ods、.csv 或它们的 .zip。", name=name, kind=kind),
    )


def web_page(name):
    return refuse("web_page", say("文件「{name}」里面是网页，不是工作簿，请用 Excel 打开后另存为 .xlsx。", name=name))


def nul_bytes(name):
    return refuse("nul_bytes", say("文件「{name}」既不是表格也不是文本（含有空字节），请换一个文件。", name=name))


def password(name):
    return refuse("password", say("文件「{name}」有打开密码，请先去掉密码再上传。", name=name))


def macros(name):
    return refuse("macros", say("文件「{name}」带有宏，没有读，请另存为不带宏的 .xlsx。", name=name))


def unreadable(name):
    return refuse("unreadable", say("文件「{name}」读不出来：文件损坏，或表格范围过大。请另存为新的 .xlsx 再试。", name=name))


def too_big(name, limit):
    return refuse("too_big", say("文件「{name}」超过 {limit} MB，没有读，请拆成几个文件。", name=name, limit=limit))


def too_big_unpacked(name, limit):
    return refuse(
        "too_big_unpacked",
        say("文件「{name}」解压后超过 {limit} MB，或压缩得异常厉害，没有读，请拆成几个文件。", name=name, limit=limit),
    )


def too_many_files(name, limit):
    return refuse("too_many_files", say("压缩包「{name}」里超过 {limit} 个文件，没有读，请分几次上传。", name=name, limit=limit))


def unsafe_name(name, inner):
    return refuse(
        "unsafe_name", say("压缩包「{name}」里有不安全的文件名「{inner}」，没有读，请重新打包。", name=name, inner=inner[:80])
    )


def same_name(name, inner):
    return refuse(
        "same_name", say("文件「{name}」里有两个部分同名「{inner}」，没有读，请重新保存或打包。", name=name, inner=inner[:80])
    )


def nested_zip(name, inner):
    return refuse("nested_zip", say("压缩包「{name}」里还有压缩包「{inner}」，请先解开再上传。", name=name, inner=inner[:80]))


def no_sheet(name, sheet, sheets):
    return refuse(
        "no_sheet",
        say("文件「{name}」里没有工作表「{sheet}」，只有：{sheets}。", name=name, sheet=sheet[:40], sheets=tuple(sheets[:20])),
    )


def no_header(name, rows):
    return refuse("no_header", say("在文件「{name}」的前 {rows} 行里没有找到表头。", name=name, rows=rows))


def no_such_header(name, first, last):
    return refuse("no_header", say("文件「{name}」的第 {first}–{last} 行不能作表头。", name=name, first=first, last=last))


def encoding(name):
    return refuse(
        "encoding",
        say("看不出文件「{name}」的文字编码，请选一个预览里文字正常的编码，或用 Excel 另存为 CSV UTF-8。", name=name),
    )


def too_many_rows(name, limit):
    return refuse("too_many_rows", say("文件「{name}」超过 {limit} 行，没有读，请拆成几个文件。", name=name, limit=limit))


def too_many_columns(name, columns, limit):
    return refuse(
        "too_many_columns",
        say("文件「{name}」有 {columns} 列，最多 {limit} 列，没有读，请删去多余的列。", name=name, columns=columns, limit=limit),
    )


def cell_too_long(row, at, now, limit):
    return refuse(
        "cell_too_long", say("{cell} 格有 {now} 个字，一格最多 {limit} 个字，没有读。", cell=address(row, at), now=now, limit=limit)
    )


def bad_text(row, why):
    return refuse("csv", say("第 {row} 行读不出来（{why}）。", row=row, why=why))
