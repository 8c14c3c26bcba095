"""Signs that are not letters: emoji as pieces of the vocabulary, other symbols as plain text.

A WordPiece vocabulary loses a whole word to one unknown sign that touches it ("merci😊", "Box®", "l´été"). The tokenizer
therefore first replaces characters by a table: emoji by one of few, with spaces around it; look-alikes and compatibility
forms (Unicode NFKC) by the ordinary character; every other symbol by a space. The table is a `Precompiled` normaliser of the
`tokenizers` library, so that it travels inside `tokenizer.json`.
"""

from __future__ import annotations

import json
import pathlib
import random
import tempfile
import unicodedata

import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, normalizers

# Each line: the sign that stands for all of the line, then words of both languages whose mean its embedding starts from.
GROUPS = """
😊☺😌😇🤗😀😃😄😁😺😸😎🥲 | happy pleased heureux content
😍🥰😘😻😗😚😙💋 | love adore superbe
🤩😋🤤 | amazing excellent delicious
😂🤣😆😹 | laugh funny rire
😅🫠 | phew laugh nervous
🙂☻🙋🤓 | hello smile bonjour
😉😜😛😝🤪😼 | wink joke fun
🙃 | irony bizarre smile
😏😈 | smirk irony sarcastic
🤔🧐🤨❓❔🫤 | wonder think question pourquoi
😐😑😶🤐🫥 | nothing silent bored
🙄 | annoyed bored ridiculous
😒 | annoyed displeased
😬🫣🙈🙉🙊 | awkward embarrassed oops
😞😔😟🙁☹😕😣😖😓😥😿😦😧 | sad disappointed triste decu
🥺🥹 | please sad touching
😢💧 | sad cry triste
😭 | cry tears pleurer
😩😫🥵🥶😵 | tired exhausted fatigue
😴🥱💤😪🦥 | sleep tired waiting dormir
😤 | angry furious annoyed
😡😠🤬👿😾💢🖕 | angry furious colere
😱😨😰😳🤯🙀😲😯😮🫨 | shock incredible choque
🤮🤢 | disgusting horrible vomit
🤒🤕😷🤧 | sick ill malade
🤡🐒🤥 | clown ridiculous joke
💩🗑🚮 | rubbish trash poubelle nul
🤦 | stupid annoyed unbelievable
🤷 | whatever unknown nothing
🙏 | thanks please merci
👏 | bravo congratulations
🎉🥳🎊🍾🥂🎁🎈🙌🕺💃 | celebrate party super bravo
👍👌🤙🆗🤝🫡 | good ok perfect parfait
💪✊👊🦾 | strong courage force
👎 | bad poor mauvais
🤞🍀✌ | luck hope espoir
👋 | hello bye salut
❤🩷🩵🩶🧡💛💚💙💜🖤🤍🤎💕💖💗💓💞💝💘❣♥💟♡😽🫶 | love heart coeur
💔 | broken heart sad
⭐🌟✨🏆🥇💯🔝👑💎🏅 | excellent best star meilleur
★ | star etoile
☆ | empty star
🔥💥🚀 | fire great feu
✅✔☑✓ | done ok valide
❌✖🚫⛔❎🛑✗✘✕ | no refused refuse
⚠🚨💣 | warning attention danger
❗❕ | !
💸💶💰💵💳🤑💷🏦 | money euros argent
⏳⌛⏰⏱🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛⏲🐌🐢 | waiting slow time attente
🤖👾 | robot machine
💀☠⚰🪦👻 | dead death mort
👀👁🔎🔍 | look see voir
🌸💐🌷🌹🌻🌺🌼🌈☀🌞 | flower beautiful fleur
📦📫📬📮✉📩📧📨📪🚚🚛🛒 | package delivery colis
📱☎📞📲📵📡📶 | phone telephone
➡▶►⇒→👉👇👆👈⬇⬆⬅☝↪ | here
◇ | thing object
"""
# Look-alikes, and what NFKC leaves or writes in a way that the vocabulary does not know.
PLAIN = {"ʼ": "'", "´": "'", "′": "'", "‛": "'", "‚": "'", "ʹ": "'", "„": '"', "‟": '"', "‹": "'", "›": "'", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-",
         "⁄": "/", "∕": "/", "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "×": "x", "±": "+-", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~",
         "µ": "u", "μ": "u", "¢": " cents", "¥": " yen", "‰": "%", "º": "°", "ª": "a", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
         "Ł": "l", "Ø": "o", "Đ": "d", "Ð": "d", "Þ": "th", "Ħ": "h", "¿": " ", "¡": " ", "•": " ", "™": " ", "℠": " ", "®": " ", "©": " ", "¬": " ", "¨": " ",
         "·": "", "‧": "", "⋅": "", "˚": "°", "‼": "!!", "⁉": "!?", "⁇": "??", "…": "…", "№": "n°"}
# Signs that are in the vocabulary as they are.
KEPT = set("°€£§")
# Signs that a customer of each mood adds to plain words (a polite one says nothing of the mood).
FITTING = {"negative": "😡😤👎😞🙄😭💔😒🤬❌🤦😩😠😢💩🤡🙏🙂😅⏳", "neutral": "🙂🙏📦😊👋📱🤔✅👍⏳😅😉", "positive": "😊👍❤😍🙏👏⭐🎉🌸✅🤩😁💪🔥😉👌"}
EMOJI = [(0x1F000, 0x1FBFF), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0x2300, 0x23FF), (0x2190, 0x21FF), (0x25A0, 0x25FF)]
SKIN_TONES = range(0x1F3FB, 0x1F400)
REGIONAL = range(0x1F1E6, 0x1F200)


def groups() -> list[tuple[str, list[str]]]:
    """(signs, words) of each line; the first sign is the piece of the vocabulary."""
    parted = [line.split(" | ") for line in GROUPS.strip().splitlines()]
    return [(signs, words.split()) for signs, words in parted]


def pieces() -> list[str]:
    return [signs[0] for signs, _ in groups()]


def table() -> dict[str, str]:
    """What each character that is not itself is replaced by."""
    found: dict[str, str] = {}
    for code in range(0xA0, 0x20000):
        sign = chr(code)
        kind = unicodedata.category(sign)
        is_emoji = any(first <= code <= last for first, last in EMOJI)
        # Younger emoji are not yet assigned where this runs.
        if (kind == "Cn" and not is_emoji) or kind in ("Cs", "Co", "Cc", "Cf", "Zs") or sign in KEPT or 0x3000 < code < 0x3200 or 0x3400 <= code < 0xA000:
            continue
        if code in SKIN_TONES or code in REGIONAL or sign in "♀♂\u20e3":
            found[sign] = ""
            continue
        folded = unicodedata.normalize("NFKC", sign)
        if folded != sign and all(c.isascii() or unicodedata.name(c, "").startswith("LATIN") for c in folded) and kind[0] in "LNPS":
            found[sign] = folded
        elif kind in ("So", "Sm", "Sk", "Sc", "Cn"):
            found[sign] = " ◇ " if is_emoji else " "
    found.update(PLAIN)
    for signs, _ in groups():
        found.update({sign: f" {signs[0]} " for sign in signs})
    return {sign: text for sign, text in found.items() if sign != text}


def a_sign(rng: random.Random, label: str | None = None) -> str:
    """A sign or a row of it: of those that fit the label, else any."""
    of_group = {signs[0]: signs for signs, _ in groups()}
    first = rng.choice(FITTING[label] if label else list(of_group))
    return rng.choice(of_group.get(first, first)) * rng.choice((1, 1, 1, 2, 3))


def with_sign(text: str, rng: random.Random, label: str | None = None) -> str:
    """The text with `a_sign`, before or after, touching a word or not. The subject of the text, so its target, stays."""
    sign = a_sign(rng, label)
    return rng.choice((f"{text} {sign}", f"{text} {sign}", f"{text}{sign}", f"{sign} {text}"))


def charsmap(rules: dict[str, str]) -> bytes:
    """The table in the form that the normaliser reads: a double-array trie and the replacements (the format of SentencePiece,
    whose trainer compiles it)."""
    def codes(text: str) -> str:
        return " ".join(f"{ord(c):X}" for c in text)

    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "rules.tsv").write_text("".join(f"{codes(sign)}\t{codes(text)}\n" for sign, text in sorted(rules.items())), encoding="utf-8")
        (work / "text").write_text("any text\n" * 50)
        sentencepiece.SentencePieceTrainer.train(
            input=str(work / "text"), model_prefix=str(work / "any"), vocab_size=12, hard_vocab_limit=False, model_type="char",
            normalization_rule_tsv=str(work / "rules.tsv"), minloglevel=2)
        model = sentencepiece_model_pb2.ModelProto()
        model.ParseFromString((work / "any.model").read_bytes())
    return model.normalizer_spec.precompiled_charsmap


def normalizer() -> normalizers.Normalizer:
    """The table, then lower case without accents."""
    return normalizers.Sequence([
        normalizers.Precompiled(charsmap(table())),
        normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)])


def first_vector(words: list[str], tokenizer: Tokenizer, embeddings: torch.Tensor) -> torch.Tensor:
    """The mean of the words' pieces, as long as they are on average."""
    rows = embeddings[[piece for word in words for piece in tokenizer.encode(word, add_special_tokens=False).ids]]
    mean = rows.mean(0)
    return mean * rows.norm(dim=1).mean() / mean.norm().clamp(min=1e-6)


def add_to(tokenizer: Tokenizer, embeddings: torch.Tensor) -> tuple[Tokenizer, torch.Tensor]:
    """A tokenizer that knows the signs, and the embeddings with their rows, from a tokenizer that may not."""
    known = tokenizer.get_vocab()
    new = [(signs[0], words) for signs, words in groups() if signs[0] not in known]
    rows = [first_vector(words, tokenizer, embeddings) for _, words in new]
    described = json.loads(tokenizer.to_str())
    for sign, _ in new:
        described["model"]["vocab"][sign] = len(described["model"]["vocab"])
    extended = Tokenizer.from_str(json.dumps(described))
    extended.normalizer = normalizer()
    return extended, torch.cat([embeddings, torch.stack(rows)]) if rows else embeddings
