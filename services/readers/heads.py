"""One column's head out of the levels above it: 校舍/C级/面积 with its unit ㎡."""

import re
import unicodedata
from dataclasses import dataclass

from services.readers.faults import letter

_UNITS = (
    "㎡ m2 m² 平方米 平米 平方公里 公顷 亩 ha km km2 公里 千米 米 m cm 厘米 毫米 mm 元 万元 千元 百元 亿元 美元 万美元 元/月 元/年 元/㎡ "
    "人 万人 千人 名 人次 人数 个 只 所 栋 幢 座 处 间 套 台 辆 张 件 份 本 册 户 家 条 项 次 批 组 班 层 床 孔 口 根 把 箱 袋 瓶 顶 "
    "% ‰ 百分比 天 日 周 月 年 小时 时 分 分钟 秒 学时 课时 岁 吨 t 公斤 千克 kg 克 g 斤 升 l 毫升 ml 立方米 m3 m³ 千瓦 kw 千瓦时 kwh "
    "度 ℃ °c 级 元/亩 元/斤 元/人 斤/亩 公斤/亩 人/班 ㎡/人 平方米/人"
)
_BRACKETED = re.compile(r"^(.*?)\s*[（(\[【]\s*(?:单位\s*[:：]\s*)?([^（）()\[\]【】]{1,12})\s*[）)\]】]\s*$")
_SLASHED = re.compile(r"^(.+?)\s*/\s*[（(]?([^（）()]{1,8})[）)]?$")


@dataclass(frozen=True)
class Column:
    """A column: where it stands (`at` from 0, `letter` "B"), its levels from above, its text without and its head with the unit.

    `text` is "" where nobody named it.
    """

    at: int
    letter: str
    levels: tuple = ()
    text: str = ""
    unit: str = ""

    @property
    def head(self):
        """As the file says it: 校舍/C级/面积(㎡)."""
        return "/".join(self.levels)


def column(at, levels):
    """The column under these texts, one for each row of the header; what repeats or is empty counts once."""
    kept = []
    for level in map(clean, levels):
        if level and (not kept or kept[-1] != level):
            kept.append(level)
    bare, unit = [], ""
    for level in kept:
        name, found = _without_unit(level)
        bare.append(name)
        unit = found or unit
    return Column(at, letter(at), tuple(kept), "/".join(part for part in bare if part), unit)


def clean(text):
    """A head on one line; between Chinese characters nothing takes the place of the line's end."""
    return re.sub(r"\s+", _gap, text.strip())


def _gap(found):
    around = found.string[found.start() - 1], found.string[found.end()]
    return "" if max(around) >= "\u2e80" else " "


def _without_unit(text):
    """(head without its unit, the unit as written or ""): 面积（㎡） and 面积/亩, never 备注（选填）."""
    for pattern in (_BRACKETED, _SLASHED):
        found = pattern.match(text)
        if found and unicodedata.normalize("NFKC", found[2]).strip().lower() in _KNOWN:
            return found[1].rstrip("/ "), found[2].strip()
    return text, ""


_KNOWN = frozenset(unicodedata.normalize("NFKC", unit).lower() for unit in _UNITS.split())
