"""The given names of kings, queens, emperors and popes, in the languages that have rules for them.

A name is here if somebody was counted under it: 'John XXIII', 'Isabel II'. It is wrong after these names only
for people who are counted too ('Henry Ford II'), which is right all the same.
"""

from __future__ import annotations

RULERS = frozenset(
    {
        "Abdul", "Achmet", "Adrian", "Adriano", "Afonso", "Albert", "Alberto", "Albrecht", "Alejandro",
        "Alessandro", "Alexander", "Alexandre", "Alfonso", "Alphonse", "Amenhotep", "Anne", "Anastasius",
        "Antiochus", "Artaxerxes", "Augustus", "Baldwin", "Basil", "Baudouin", "Beatrix", "Benedetto",
        "Benedict", "Benedicto", "Benoît", "Bento", "Boniface", "Bonifacio", "Bonifácio", "Callixtus",
        "Carl", "Carlo", "Carlos", "Carol", "Casimir", "Catarina", "Caterina", "Catherine", "Celestine",
        "Charles", "Christian", "Clemens", "Clement", "Clemente", "Cleopatra", "Clément", "Conrad",
        "Constantin", "Constantine", "Cyrus", "Darius", "David", "Edoardo", "Eduard", "Eduardo",
        "Edward", "Elisabetta", "Elizabeth", "Emanuele", "Emmanuel", "Enrico", "Enrique", "Eric",
        "Erik", "Eugene", "Felipe", "Ferdinand", "Ferdinando", "Fernando", "Filipe", "Filippo",
        "Francesco", "Francis", "Francisco", "Franz", "François", "Frederick", "Frederik", "Frédéric",
        "Georg", "George", "Georges", "Giacomo", "Giorgio", "Giovanni", "Gregorio", "Gregory",
        "Gregório", "Grégoire", "Guillaume", "Guillermo", "Gustaf", "Gustav", "Gustave", "Gustavo",
        "Gustavus", "Haakon", "Hadrian", "Hamid", "Harald", "Hendrik", "Henri", "Henrique", "Henry",
        "Honorius", "Humbert", "Innocent", "Innocenzo", "Isabel", "Isabella", "Isabelle", "Ivan",
        "Jacques", "Jaime", "James", "Jean", "Joan", "Johan", "John", "Jorge", "Josef", "Joseph",
        "José", "João", "Juan", "Juliana", "Julius", "Justinian", "Karel", "Karl", "Ladislas",
        "Ladislaus", "Leo", "Leon", "Leone", "Leopold", "Leopoldo", "Leão", "León", "Lodewijk",
        "Lothar", "Louis", "Ludovic", "Ludwig", "Luigi", "Luis", "Luís", "Léopold", "Magnus", "Mahmud",
        "Manuel", "Margaret", "Margareta", "Margrethe", "Maria", "Marie", "Martin", "Mary", "María",
        "Maximilian", "Mehmed", "Mehmet", "Michael", "Mithridates", "Murad", "Napoleon", "Napoleone",
        "Napoléon", "Nicholas", "Nicola", "Nicolaas", "Nicolas", "Nicolás", "Olaf", "Olav", "Oscar",
        "Otto", "Otton", "Pablo", "Paolo", "Paul", "Paulo", "Pedro", "Peter", "Philip", "Philippe",
        "Pie", "Pierre", "Pieter", "Pietro", "Pio", "Pius", "Ptolemy", "Pío", "Rameses", "Ramesses",
        "Ramses", "Richard", "Robert", "Roger", "Rudolf", "Rudolph", "Sancho", "Selim", "Sergius",
        "Sigismund", "Silvester", "Sixtus", "Stanislaus", "Stephen", "Suleiman", "Sylvester",
        "Thutmose", "Umberto", "Urbain", "Urban", "Urbano", "Victor", "Vittorio", "Wenceslas",
        "Wenceslaus", "Wilhelm", "Wilhelmina", "Willem", "William", "Xerxes", "Édouard", "Élisabeth",
    }
)  # fmt: skip
