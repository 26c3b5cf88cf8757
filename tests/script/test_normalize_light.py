from __future__ import annotations

import pytest

from narrator.model import Normalization
from narrator.script.normalize import normalized


def light(text: str, language: str = "en-GB") -> str:
    return normalized(text, language, Normalization.LIGHT)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("Henry VIII and Elizabeth II’s", "Henry the Eighth and Elizabeth the Second’s"),
        ("Pope John XXIII", "Pope John the Twenty-Third"),
        ("Emperor Norton II", "Emperor Norton the Second"),
        ("George V reigned.", "George the Fifth reigned."),
        ("It was Charles I.", "It was Charles the First."),
        ("Charles I of England", "Charles the First of England"),
        ("Edward III., with the", "Edward the Third, with the"),
        ("in Book II, chapter xi", "in Book 2, chapter 11"),
        ("World War II ended.", "World War 2 ended."),
        ("Vol. IV, p. xii", "Volume 4, page 12"),
        ("the XIX century", "the 19th century"),
        ("printed in MDCCCXXIX.", "printed in 1829."),
    ],
)
def test_roman_numerals_are_numbers_beside_what_they_count(printed: str, said: str) -> None:
    assert light(printed) == said


@pytest.mark.parametrize(
    "text",
    [
        "Charles I am leaving.",
        "as Henry I thought",
        "So said Henry I. He",
        "by George V. Higgins",
        "Malcolm X",
        "the Book I read",
        "Part C",
        "Rocky II",
        "a MIX on CD",
        "MCDONALD",
        "DIM",
        "George VX",
        "Henry VIIIth",
        "I, II and III",
        "Louis X-ray",
    ],
)
def test_letters_that_may_be_words_names_or_initials_stay(text: str) -> None:
    assert light(text) == text


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("Dr. Watson, Mr. Holmes and Mrs. Hall", "Doctor Watson, Mr Holmes and Mrs Hall"),
        ("Lt. Col. Smith met Gen. Lee.", "Lieutenant Colonel Smith met General Lee."),
        ("St. Paul’s, On St. Andrew’s Day", "Saint Paul’s, On Saint Andrew’s Day"),
        ("221 Baker St., London", "221 Baker Street, London"),
        ("He lived in Baker St.", "He lived in Baker Street."),
        ("Luther King Jr. said", "Luther King Junior said"),
        ("Smith & Co. was sold by Smith & Co.", "Smith and Company was sold by Smith and Company."),
        ("No. 5, Nos. 3 and 4, № 7", "Number 5, Numbers 3 and 4, number 7"),
        ("see vol. 3, ch. 4, pp. 12–15, fig. 2", "see volume 3, chapter 4, pages 12 to 15, figure 2"),
        ("cats vs. dogs, i.e. pets, e. g. Rex", "cats versus dogs, that is pets, for example Rex"),
        ("E.g., this", "For example, this"),
        ("hats, &c. But", "hats, etc. But"),
        ("hats, &c., and", "hats, etc., and"),
        ("on Jan. 5, 5 Sept. 1984", "on January 5, 5 September 1984"),
        ("born c. 1850", "born circa 1850"),
    ],
)
def test_abbreviations_are_written_out_where_their_neighbours_show_what_they_are(
    printed: str, said: str
) -> None:
    assert light(printed) == said


@pytest.mark.parametrize(
    "text",
    [
        "the Baker St. Irregulars",
        "He said no. 5 of us heard.",
        "John M. Smith",
        "a drôle dr. of sorts",
        "Gen. 1:3",
        "Jan. He said",
        "and so on, etc. Then",
        "the co. of men",
        "R&D, AT&T",
    ],
)
def test_what_may_be_something_else_stays(text: str) -> None:
    assert light(text) == text


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("Tom & Jerry", "Tom and Jerry"),
        ("1914–18, 1914-1918", "1914 to 18, 1914 to 1918"),
        ("open 7:30–9:00", "open 7:30 to 9:00"),
        ("900–1,200 men", "900 to 1,200 men"),
        (
            "20 °C, 1°, −5°F, 45° north",
            "20 degrees Celsius, 1 degree, minus 5 degrees Fahrenheit, 45 degrees north",
        ),
        ("20°–30°", "20 degrees to 30 degrees"),
        ("§ 5, §§ 6–8 and section § 9", "section 5, sections 6 to 8 and section 9"),
        ("3 × 4 × 5 cm", "3 by 4 by 5 cm"),
        ("2½ miles, ½ a mile", "2 and a half miles, one half a mile"),
        ("#1", "number 1"),
        ("at 7.30 p.m., at 9.15 and", "at 7:30 p.m., at 9:15 and"),
    ],
)
def test_signs_between_figures_are_words(printed: str, said: str) -> None:
    assert light(printed) == said


@pytest.mark.parametrize(
    "text",
    [
        "won 3–2",
        "555-1234",
        "10-12",
        "2024-01-05",
        "3 × 4",
        "C#",
        "&#39;",
        "at 2.50 a yard",
        "at 1.25%",
        "$5–10",
        "1984, 7:30, 50%, 1st, $3.50 and 1,000",
    ],
)
def test_figures_that_voices_read_well_or_that_mean_two_things_stay(text: str) -> None:
    assert light(text) == text


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("see https://www.example.com/a?b=c#d, then", "see example dot com, then"),
        ("(www.example.co.uk/books/new).", "(example dot co dot uk slash books slash new)."),
        ("http://example.com/p/1234-x-9.html", "example dot com"),
        ("http://a.example.com:8080/", "a dot example dot com"),
        ("Write to me.too@example.com.", "Write to me dot too at example dot com."),
    ],
)
def test_an_address_is_said_as_people_say_it(printed: str, said: str) -> None:
    assert light(printed) == said


def test_lines_stay_lines() -> None:
    assert light("Tom & Co.\nat St. John\n& Mr. Smith") == "Tom and Company.\nat Saint John\n& Mr Smith"


@pytest.mark.parametrize(
    ("language", "printed", "said"),
    [
        ("de", "z. B. Dr. Faust, Nr. 5 usw.", "zum Beispiel Doktor Faust, Nummer 5 und so weiter."),
        ("de-AT", "Kapitel IV, § 5, 20 °C, 1914–18", "Kapitel 4, Paragraf 5, 20 Grad Celsius, 1914 bis 18"),
        ("de", "Heinrich VIII. kam", "Heinrich VIII. kam"),
        ("fr", "Louis XIV, François Ier et Élisabeth II", "Louis quatorze, François premier et Élisabeth deux"),
        ("fr", "au XIXe siècle, la Ve République", "au dix-neuvième siècle, la cinquième République"),
        ("fr", "M. Dupont, M. de Voltaire, Mme Bovary", "Monsieur Dupont, Monsieur de Voltaire, Madame Bovary"),
        ("fr", "Pierre M. Dupont, J. M. Dupont", "Pierre M. Dupont, J. M. Dupont"),
        ("fr", "à St-Denis, n° 5, av. J.-C.", "à Saint-Denis, numéro 5, avant Jésus-Christ."),
        ("es", "Felipe II, Isabel II, Alfonso XIII", "Felipe segundo, Isabel segunda, Alfonso trece"),
        ("es", "el Sr. López, EE. UU. y el siglo XIX", "el señor López, Estados Unidos y el siglo 19"),
        ("it", "Luigi XIV nel XVII secolo", "Luigi quattordicesimo nel diciassettesimo secolo"),
        ("it", "il sig. Rossi", "il signor Rossi"),
        ("it", "il 1° e 20 °C", "il 1° e 20 gradi Celsius"),
        ("nl", "Willem II, dhr. Jansen, bijv.", "Willem de Tweede, de heer Jansen, bijvoorbeeld"),
        ("nl", "nr. 5", "nummer 5"),
        ("pt-BR", "Dom João VI e o Sr. Silva & Maria II", "Dom João sexto e o senhor Silva e Maria segunda"),
        ("ru", "Глава IV & § 5", "Глава IV & § 5"),
    ],
)  # fmt: skip
def test_each_language_has_its_own_words(language: str, printed: str, said: str) -> None:
    assert light(printed, language) == said
