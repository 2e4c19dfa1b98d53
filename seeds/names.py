"""Invented names of the demo city: of units, buildings and people. Each carries the short name of its own unit only.

Roads and people are put together from a few characters and are nobody's; no name contains another district's short name,
so that a row shown to the wrong person is seen at a glance.
"""

ROAD_FIRST = "青云松柏竹梅兰桂枫榆槐杉棠荷莲菊芦苇桃杏"
ROAD_SECOND = "禾溪泉岭苑园川岸坡港湾桥塘林峰泽"
ORDINALS = "一二三四五六七八九"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华魏陶姜谢邹喻柏窦章苏潘葛范彭"
GIVEN_FIRST = "若亦知予景思书清嘉文允怀修秉承以承佑乐安宁"
GIVEN_SECOND = "禾舟川溪远行言宜和明朗然之恒毅诚谦敏慧平"
FOREIGN = (
    "艾略特", "贝尔森", "卡罗琳", "戴维斯", "埃琳娜", "弗兰克", "格蕾丝", "哈罗德", "伊莎贝", "朱利安", "凯瑟琳", "劳伦斯",
    "玛格丽", "尼古拉", "奥莉娅", "帕特里", "昆汀", "罗莎琳", "塞缪尔", "特蕾莎", "乌苏拉", "维克托", "温迪", "泽维尔",
)  # fmt: skip
SUFFIXES = {
    "kindergarten": "幼儿园",
    "primary": "小学",
    "junior": "初级中学",
    "nine_year": "九年一贯制学校",
    "senior": "高级中学",
    "complete": "完全中学",
    "vocational": "中等专业学校",
    "university": "职业技术学院",
    "special": "特殊教育学校",
    "education_unit": "教育服务中心",
}
CITY_RUN, PROVINCIAL = "市直", "省属"


def roads():
    """All invented road names, in an order that mixes the characters."""
    seconds = len(ROAD_SECOND)
    return [first + ROAD_SECOND[(at + step) % seconds] for step in range(seconds) for at, first in enumerate(ROAD_FIRST)]


def school_name(unit, road, number, level):
    """金水青禾路第三小学: the unit, an invented road, a number where the road has several, the kind of school."""
    ordinal = f"第{ORDINALS[number - 1]}" if number else ""
    return f"{unit}{road}路{ordinal}{SUFFIXES[level]}"


def tag(unit, road):
    """金水青禾: what the rows of a school carry so that they can be told from all others."""
    return f"{unit}{road}"


def person(dice, unit):
    """周若禾（金水）: an invented person of a unit."""
    return f"{dice.choice(SURNAMES)}{dice.choice(GIVEN_FIRST)}{dice.choice(GIVEN_SECOND)}（{unit}）"


def foreign_person(dice, unit):
    """金水外教艾略特·韩"""
    return f"{unit}外教{dice.choice(FOREIGN)}·{dice.choice(SURNAMES)}"
