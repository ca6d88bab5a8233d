"""Per-language tables: one-letter words, months, titles, quotation marks, elisions, currency."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        name: in English.
        single: words of one letter.
        months, titles: abbreviations, separated by spaces; empty where unknown.
        quotes: pairs of quotation marks, `_` is the word; straight ones where handwriting does not distinguish
            them (one shape, one label).
        elided: prefixes before a vowel, with their apostrophe.
        vowels: letters that take an elided prefix.
        attached: suffixes after a hyphen.
        currency: forms of a price, `_` is the amount.
        decimal: decimal separator.
        nouns: share of words capitalised within a sentence.
    """

    name: str
    single: str = ""
    months: str = ""
    titles: str = ""
    quotes: tuple[str, ...] = ('"_"',)
    elided: tuple[str, ...] = ()
    vowels: str = ""
    attached: tuple[str, ...] = ()
    currency: tuple[str, ...] = ("_€", "€_")
    decimal: str = ","
    nouns: float = 0.0


BY_CODE = {
    "en": Language(
        "English", "ai", "Jan Feb March April May June July Aug Sept Oct Nov Dec",
        "Mr Mrs Ms Dr Mr. Mrs. Dr. Sir Lord Prof. St.", ('"_"', "'_'"),
        currency=("$_", "£_"), decimal=".",
    ),
    "fr": Language(
        "French", "aày", "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc.",
        "M. Mme Mlle Dr Me Mgr St Ste", ("«_»", '"_"'),
        ("l'", "d'", "qu'", "n'", "s'", "c'", "j'", "m'", "t'"), "aeiouéèêhyàâîôœ",
        ("ci", "là", "même", "elle", "il", "t-il", "t-elle", "ce", "vous", "nous", "moi", "on", "t-on"),
    ),
    "de": Language(
        "German", "", "Jan. Feb. März April Mai Juni Juli Aug. Sept. Okt. Nov. Dez.", "Hr. Fr. Dr. Prof. Herr Frau St.",
        ("„_“", '"_"', "»_«"), currency=("_€",), nouns=0.3,
    ),
    "es": Language(
        "Spanish", "aeoyu", "enero febrero marzo abril mayo junio julio agosto sept. oct. nov. dic.",
        "Sr. Sra. Srta. Dr. Dra. Don Doña", ("«_»", '"_"', "¿_?", "¡_!"),
    ),
    "it": Language(
        "Italian", "aeoiè", "gen. febbr. marzo aprile maggio giugno luglio agosto sett. ott. nov. dic.",
        "Sig. Sig.ra Dott. Prof. S.", ("«_»", '"_"'), ("l'", "d'", "un'", "all'", "dell'", "c'", "nell'", "sull'"),
        "aeiouàèh",
    ),
    "nl": Language("Dutch", "u", "jan. febr. maart april mei juni juli aug. sept. okt. nov. dec.", "Dhr. Mevr. Dr."),
    "pt": Language(
        "Portuguese", "aeoéà", "jan. fev. março abril maio junho julho agosto set. out. nov. dez.",
        "Sr. Sra. Dr. D. Dona", attached=("se", "me", "lhe", "lo", "la", "nos"),
    ),
    "sv": Language("Swedish", "iåö", "jan. febr. mars april maj juni juli aug. sept. okt. nov. dec.", "Hr Fru Dr"),
    "da": Language("Danish", "iå", "jan. feb. marts april maj juni juli aug. sept. okt. nov. dec.", "Hr. Fru Dr."),
    "nb": Language(
        "Norwegian", "iå", "jan. feb. mars april mai juni juli aug. sept. okt. nov. des.", "Hr. Fru Dr.",
        ("«_»", '"_"'),
    ),
    "fi": Language("Finnish", "", "", ""),
    "pl": Language("Polish", "aiouwz", "", "dr mgr prof. p. św.", ("„_”", '"_"')),
    "cs": Language("Czech", "aiokszuv", "", "p. dr. sv.", ("„_“", '"_"')),
}  # fmt: skip
LANGUAGES = tuple(BY_CODE)
ABBREVIATIONS = (
    "etc. e.g. i.e. a.m. p.m. No. vs. p. pp. cf. Ltd. Co. & + = % # * U.S. U.K. N.B. P.S. Esq. Blvd. Rd. Jr."
)
