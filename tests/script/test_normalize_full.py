from __future__ import annotations

import pytest

from narrator.model import Normalization
from narrator.script.normalize import normalized


def full(text: str, language: str = "en") -> str:
    return normalized(text, language, Normalization.FULL)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("5, 12 and 1,000 men", "five, twelve and one thousand men"),
        ("1,234,567", "one million two hundred and thirty-four thousand five hundred and sixty-seven"),
        ("20 000 leagues", "twenty thousand leagues"),
        ("3.14 and −5", "three point one four and minus five"),
        ("agent 007", "agent zero zero seven"),
        ("won 3–2", "won three–two"),
        ("1st, 22nd and 103rd", "first, twenty-second and one hundred and third"),
        ("12345678901234", "one two three four five six seven eight nine zero one two three four"),
    ],
)
def test_numbers_are_words(printed: str, said: str) -> None:
    assert full(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            "In 1984, since 2005, by 2024",
            "In nineteen eighty-four, since two thousand and five, by twenty twenty-four",
        ),
        ("in 1066 and 1905", "in ten sixty-six and nineteen oh-five"),
        ("1066 men", "one thousand and sixty-six men"),
        ("1914–18", "nineteen fourteen to eighteen"),
        ("the 1850s, 1900s and ’90s", "the eighteen fifties, nineteen hundreds and ’nineties"),
        ("January 5, 1984 and Jan. 5th", "January fifth, nineteen eighty-four and January fifth"),
        ("on 5 January 1984", "on the fifth of January nineteen eighty-four"),
        ("the 5th of May", "the fifth of May"),
        ("2024-01-05", "January fifth, twenty twenty-four"),
        ("In May 5 people", "In May five people"),
        ("at 7:30, 7:05, 7:00", "at seven thirty, seven oh five, seven o’clock"),
        ("7:00 p.m., 5 p.m., 7pm, 19:00", "seven p.m., five p.m., seven pm, nineteen hundred"),
    ],
)
def test_years_dates_and_times_are_read_as_people_read_them(printed: str, said: str) -> None:
    assert full(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("$3.50", "three dollars and fifty cents"),
        ("£1.01", "one pound and one penny"),
        ("$0.50 or 50¢", "fifty cents or fifty cents"),
        ("$1.505", "one point five zero five dollars"),
        ("€5 and 5 €", "five euros and five euros"),
        (
            "$5 million, $3.5bn, $5k",
            "five million dollars, three point five billion dollars, five thousand dollars",
        ),
        ("a $5 bill, a $2.50 lunch", "a five dollar bill, a two dollar and fifty cent lunch"),
        ("50%, 3.5 %, 5–10%", "fifty percent, three point five percent, five to ten percent"),
    ],
)
def test_money_and_percentages_are_words(printed: str, said: str) -> None:
    assert full(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("12 km, 1 kg, 60 mph", "twelve kilometers, one kilogram, sixty miles per hour"),
        ("5 ft. 6 in. tall, 5'11\"", "five feet six inches tall, five feet eleven inches"),
        ("12 lbs. of lead weigh 12 lbs.", "twelve pounds of lead weigh twelve pounds."),
        ("2 3/4 cups, 1/2, 3/4 of it", "two and three quarters cups, one half, three quarters of it"),
        ("call 555-123-4567", "call five five five, one two three, four five six seven"),
        ("+1 (555) 123-4567", "one, five five five, one two three, four five six seven"),
    ],
)
def test_measures_and_telephones_are_words(printed: str, said: str) -> None:
    assert full(printed) == said


@pytest.mark.parametrize(
    "text",
    [
        "221B",
        "704(a)(1)",
        "U-571",
        "1.2.3",
        "5:3",
        "24/7",
        "on 3/4 he",
        "3/4/1984",
        "H2O",
        "555-1234",
        "MP3",
        "C4",
        "5a",
        "x=5",
    ],
)
def test_codes_and_what_can_be_read_in_two_ways_stay(text: str) -> None:
    assert full(text) == text


@pytest.mark.parametrize(
    ("language", "printed", "said"),
    [
        ("de", "am 3. Mai 1984", "am dritten Mai neunzehnhundertvierundachtzig"),
        ("de", "1.234 Leute, 3,5 km", "eintausendzweihundertvierunddreißig Leute, drei Komma fünf Kilometer"),
        ("de", "12,50 €, 50 %", "zwölf Euro fünfzig, fünfzig Prozent"),
        ("de", "Er war 45. Am 45. Tag. 1 Mann", "Er war 45. Am 45. Tag. 1 Mann"),
        ("fr", "1 234 hommes", "mille deux cent trente-quatre hommes"),
        ("fr", "le 1er mai, la 1re et la 2e fois", "le premier mai, la première et la deuxième fois"),
        ("fr", "21 femmes", "21 femmes"),
        ("es", "en 1936", "en mil novecientos treinta y seis"),
        ("es", "12 hombres, 200 personas", "doce hombres, 200 personas"),
        ("es", "el 1.º y la 2.ª", "el primero y la segunda"),
        ("it", "12,50 € e 3,5 km", "dodici euro e cinquanta e tre virgola cinque chilometri"),
        ("nl", "de 3e keer, 15 km/h", "de derde keer, vijftien kilometer per uur"),
        ("pt", "16 homens", "dezasseis homens"),
        ("pt-BR", "16 homens, 2 mulheres", "dezesseis homens, 2 mulheres"),
        ("sv", "5 och 1984", "5 och 1984"),
    ],
)  # fmt: skip
def test_other_languages_leave_what_bends_with_its_noun(language: str, printed: str, said: str) -> None:
    assert full(printed, language) == said
