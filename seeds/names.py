"""Invented names of the demo city: of schools, buildings and people. Each carries the short name of its own unit only.

Roads and people are put together from a few characters and are nobody's. No name contains another unit's short name, so
that a row shown to the wrong person is seen at a glance.
"""

CITY, PROVINCE = "郑州市", "河南"
CITY_RUN, PROVINCIAL, BUREAU = "市直", "省属", "市局"
ROAD_FIRST = "青云松柏竹梅兰桂枫榆槐杉棠荷莲菊芦苇桃杏"
ROAD_SECOND = "禾溪泉岭苑园川岸坡港湾桥塘林峰泽"
SURNAMES = "赵钱孙李周吴王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华魏陶姜谢邹喻柏窦章苏潘葛范彭"
GIVEN_FIRST = "若亦知予景思书清嘉文允怀修秉承以佑乐安宁"
GIVEN_SECOND = "禾舟川溪远行言宜和明朗然之恒毅诚谦敏慧平"
FOREIGN = (
    "艾略特", "贝尔森", "卡罗琳", "戴维斯", "埃琳娜", "弗兰克", "格蕾丝", "哈罗德", "伊莎贝", "朱利安", "凯瑟琳", "劳伦斯",
    "玛格丽", "尼古拉", "奥莉娅", "帕特里", "昆汀", "罗莎琳", "塞缪尔", "特蕾莎", "乌苏拉", "维克托", "温迪", "泽维尔",
)  # fmt: skip
ENDINGS = {
    "kindergarten": ("路幼儿园", "幼儿园", "实验幼儿园", "中心幼儿园"),
    "primary": ("路小学", "小学", "实验小学", "中心小学"),
    "junior": ("初级中学", "实验初中", "路初级中学"),
    "nine_year": ("九年制学校", "实验学校"),
    "senior": ("高级中学", "实验高级中学"),
    "complete": ("中学", "完全中学"),
    "vocational": ("中等专业学校", "职业高级中学"),
    "university": ("职业技术学院", "科技学院", "工程学院"),
    "special": ("特殊教育学校", "特教中心学校"),
    "education_unit": ("教学研究室", "教师发展中心", "学生资助服务中心"),
}


def roads():
    """All invented road names, in an order that mixes the characters."""
    seconds = len(ROAD_SECOND)
    return [first + ROAD_SECOND[(at + step) % seconds] for step in range(seconds) for at, first in enumerate(ROAD_FIRST)]


def school(dice, prefix, road, level):
    """金水区青禾路小学, 郑州市金水区青禾高级中学: where it lies, an invented road, the kind of school."""
    return f"{prefix}{road}{dice.choice(ENDINGS[level])}"


def anyone(dice):
    """周若禾: an invented person."""
    return f"{dice.choice(SURNAMES)}{dice.choice(GIVEN_FIRST)}{dice.choice(GIVEN_SECOND)}"


def person(dice, unit):
    """周若禾（金水区青禾）: an invented person of a unit."""
    return f"{anyone(dice)}（{unit}）"


def foreign_person(dice, unit):
    """外教艾略特·韩（金水区青禾）: an invented foreign teacher of a school."""
    return f"外教{dice.choice(FOREIGN)}·{dice.choice(SURNAMES)}（{unit}）"
