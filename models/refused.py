"""Columns the app refuses to hold, and why (DESIGN §9). Declarations, import files and the builder all ask here."""

import re
import unicodedata
from dataclasses import dataclass

from models.errors import Sentence, say


@dataclass(frozen=True)
class Refusal:
    """Words that name a refused column. `words` are Chinese parts of a label; `english` whole words or phrases.

    `of_person` holds words that are refused only where a row is about a person: an area has a risk level too.
    """

    sentence: Sentence
    words: tuple
    english: tuple = ()
    of_person: tuple = ()


REFUSALS = (
    Refusal(
        say("不设民族栏：关爱和报送都用不到，且属于敏感个人信息。"),
        ("民族", "族别", "种族", "族裔"),
        ("ethnic", "ethnicity", "ethnic group", "ethnic minority", "minzu", "tribe"),
        ("race",),
    ),
    Refusal(
        say("不设宗教信仰栏：属于敏感个人信息，本系统不收。"),
        ("宗教", "信仰", "信教", "教派"),
        ("religion", "religious", "religious belief", "faith", "zongjiao"),
        ("清真", "halal"),
    ),
    Refusal(
        say("不设政治面貌栏：与灾情、疫情和关爱工作无关，本系统不收。"),
        ("政治面貌", "政治身份", "政治表现", "党派"),
        ("political status", "political affiliation", "political party", "politics", "political", "party member", "zhengzhimianmao"),
        ("党员", "团员", "入党"),
    ),
    Refusal(
        say("不收身份证号和其他证件号码，请用校内编号或业务编号。"),
        ("身份证", "身份證", "证件号", "證件號", "公民身份号码", "社会保障号", "居住证"),
        ("id card", "id card number", "id number", "id no", "identity card", "identity number", "identity document", "national id",
         "idcard", "idnumber", "idno", "citizen id", "ssn", "social security number", "sfz", "sfzh", "shenfenzheng"),
    ),
    Refusal(say("不收护照号码，请用校内工号。"), ("护照", "護照"), ("passport", "passport no", "passport number", "huzhao")),
    Refusal(
        say("不设国籍栏：关爱外籍教师用不到，只记工作情况和大致所在地。"),
        ("国籍", "國籍", "国别"),
        ("nationality", "citizenship", "country of origin"),
    ),
    Refusal(
        say("不收家庭住址和户籍：学校自己掌握即可，本系统只记大致所在地。"),
        ("住址", "家庭地址", "居住地址", "家庭住所", "户籍", "戶籍", "户口", "籍贯", "籍貫"),
        ("home address", "homeaddress", "residential address", "residence address", "family address", "household registration",
         "hukou", "native place", "zhuzhi", "jiguan"),
        ("通讯地址", "联系地址", "居住地", "现住"),
    ),
    Refusal(
        say("不收指纹、人脸等生物特征。"),
        ("生物特征", "生物识别", "指纹", "指紋", "人脸", "人臉", "虹膜", "声纹", "掌纹", "基因"),
        ("biometric", "biometrics", "fingerprint", "fingerprints", "face id", "faceid", "face image", "face photo", "facial", "iris scan",
         "voiceprint", "dna"),
    ),
    Refusal(
        say("不收行踪轨迹：只记大致所在地和日期。"),
        ("轨迹", "軌跡", "行踪", "行蹤", "行程码", "行程卡", "健康码", "途经地", "途径地"),
        ("trajectory", "trajectories", "whereabouts", "itinerary", "movement track", "travel track", "location track", "location history",
         "tracking", "health code", "gps track", "guiji", "xingzong"),
        ("track",),
    ),
    Refusal(
        say("不给人评风险等级、不打分，本系统是用来关爱人的。"),
        ("人员风险", "个人风险", "学生风险", "重点人员", "维稳等级", "信用评分"),
        ("person risk", "personal risk", "personal risk level", "social credit"),
        ("风险等级", "风险级别", "风险评级", "风险评分", "危险等级", "risk level", "risk score", "risk grade", "risk rating", "risk"),
    ),
)  # fmt: skip
_NOT_MEANT = ("非证件号", "不是证件号", "非身份证号", "不是身份证号", "民族团结", "民族中学", "民族小学", "民族学校")
_OPTION_WORDS = (
    (REFUSALS[0].sentence, re.compile(r"(?:汉|回|藏|维吾尔|蒙古|壮|满|苗|彝|哈萨克|朝鲜|土家|布依|侗|瑶|白)族")),
    (REFUSALS[1].sentence, re.compile(r"(?:佛|道|伊斯兰|基督|天主|东正)教徒?")),
    (REFUSALS[2].sentence, re.compile(r"中共(?:预备)?党员|共青团员|民主党派.*")),
)


def refused(text, grain="person"):
    """The sentence that says why a column of this label or name is refused; None where it is welcome.

    `grain` is the register's: words refused only of persons pass where a row is an object or a count.
    """
    chinese, english = _folded(text)
    for refusal in REFUSALS:
        words = refusal.words + refusal.english + (refusal.of_person if grain == "person" else ())
        if any(_says(word, chinese, english) for word in words):
            return refusal.sentence
    return None


def refused_option(label):
    """The same for the label of a choice: 汉族 gives an ethnicity column away whatever its name."""
    chinese, _ = _folded(label)
    return next((sentence for sentence, words in _OPTION_WORDS if words.fullmatch(chinese)), None)


def _folded(text):
    """(the Chinese text without spaces and marks, the English words one space apart)."""
    text = unicodedata.normalize("NFKC", str(text))
    english = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    chinese = re.sub(r"[\W_]+", "", text)
    for harmless in _NOT_MEANT:
        chinese = chinese.replace(harmless, "")
    return chinese, " " + " ".join(re.findall(r"[a-z]+", english.lower())) + " "


def _says(word, chinese, english):
    return f" {word} " in english if word.isascii() else word in chinese
