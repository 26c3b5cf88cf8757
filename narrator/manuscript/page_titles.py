"""What pages beside the chapters are called: 'Table of Contents', 'Nawoord', '奥付'; in many languages."""

# Whole titles by the kind of page, folded: no punctuation, lower case. English first, then the larger
# languages of Europe, Japanese and Chinese.
TITLES_OF_KINDS = {
    "cover": "cover|front cover|back cover|couverture|umschlag|titelbild|cubierta|portada|copertina|capa"
    "|omslag|表紙|封面",
    "frontispiece": "frontispiece",
    "titlepage": "title page|titlepage|title|page de titre|titelblatt|titelseite|titel|portadilla"
    "|frontespizio|página de título|titelpagina|titelblad|扉|扉页|書名頁",
    "halftitlepage": "half title|half title page|halftitle|halftitle page|schmutztitel|faux titre",
    "toc": "contents|table of contents|list of contents|the contents|detailed contents|contents in brief"
    "|table des matières|table des chapitres|table|sommaire|inhalt|inhaltsverzeichnis|inhaltsübersicht"
    "|índice de contenidos|contenido|tabla de contenidos|indice generale|sommario|sumário|conteúdo"
    "|inhoud|inhoudsopgave|innehåll|indhold|sisällys|spis treści|содержание|оглавление|目次|もくじ|目录"
    "|目錄",
    "loi": "illustrations|list of illustrations|list of plates|list of figures|list of maps|plates"
    "|table des illustrations|table des gravures|abbildungsverzeichnis|verzeichnis der abbildungen"
    "|lista de ilustraciones|indice delle illustrazioni|lijst van afbeeldingen|lijst van illustraties"
    "|lijst der platen",
    "lot": "list of tables|tabellenverzeichnis|liste des tableaux",
    "imprint": "imprint|impressum",
    "copyright-page": "copyright|copyright page|copyright information|copyright notice|legal notice"
    "|rights|mentions légales|créditos|derechos de autor|diritti d autore|版权页|版权信息|版權頁",
    "uncopyright": "uncopyright",
    "colophon": "colophon|kolophon|colofón|colofon|document information|document metadata"
    "|sisu metadata document information|about this digital edition"
    "|à propos de cette édition électronique|über diese digitale edition|over deze digitale editie"
    "|この文書について|奥付|note on the type|a note on the type|about the type",
    "dedication": "dedication|dédicace|widmung|dedicatoria|dedica|dedicatória|opdracht|献辞",
    "epigraph": "epigraph|epigraphs|épigraphe|motto|epígrafe|epigrafe",
    "foreword": "foreword|avant propos|avantpropos|geleitwort|zum geleit|prefazione dell editore"
    "|avant-propos|voorbericht|woord vooraf|序文|まえがき|前書き|はしがき|前言",
    "preface": "preface|author s preface|the author s preface|publisher s preface|prefatory note"
    "|author s note|préface|vorwort|vorrede|vorbemerkung|prefacio|prefácio|prefazione|prólogo del autor"
    "|voorwoord|förord|forord|esipuhe|przedmowa|предисловие|avertissement|avis au lecteur|au lecteur"
    "|to the reader|an den leser|aan den lezer|aan de lezer|voorrede|はじめに|序|自序|緒言"
    "|note on the text|a note on the text|凡例",
    "introduction": "introduction|general introduction|introductory|einleitung|einführung|introducción"
    "|introduzione|introdução|inleiding|inledning|indledning|johdanto|wstęp|введение|序論|序説",
    "prologue": "prologue|prolog|prólogo|prologo|пролог|proloog|序章|プロローグ",
    "epilogue": "epilogue|epilog|épilogue|epílogo|epilogo|эпилог|epiloog|終章|エピローグ",
    "conclusion": "conclusion|conclusión|conclusione|conclusão|schluss|schluß|besluit|l envoi|envoi|結論"
    "|おわりに",
    "afterword": "afterword|postface|nachwort|posfacio|postfazione|posfácio|nawoord|naschrift|efterord"
    "|послесловие|あとがき|後書き|跋|解説|後記|后记",
    "acknowledgments": "acknowledgments|acknowledgements|remerciements|danksagung|dank|agradecimientos"
    "|ringraziamenti|agradecimentos|dankwoord|謝辞",
    "appendix": "appendix|appendices|appendixes|annexe|annexes|appendice|anhang|apéndice|apêndice"
    "|bijlage|bijlagen|付録|補遺|附録|附录|discussion questions|questions for discussion|reading group guide"
    "|reader s guide|a reader s guide",
    "glossary": "glossary|glossaire|glossar|glosario|glossario|glossário|begriffe|woordenlijst"
    "|verklarende woordenlijst|用語集|用語解説|abbreviations|list of abbreviations|abréviations"
    "|abkürzungen|afkortingen",
    "bibliography": "bibliography|works cited|further reading|references|bibliographie|literatur"
    "|literaturverzeichnis|quellenverzeichnis|bibliografía|bibliografia|литература|literatuur"
    "|literatuurlijst|bibliografie|参考文献|引用文献|select bibliography|selected bibliography"
    "|suggested reading|suggestions for further reading|recommended reading|works consulted"
    "|notes on sources",
    "index": "index|general index|index of names|subject index|register|sachregister|personenregister"
    "|namensregister|índice alfabético|índice onomástico|indice analitico|indice dei nomi|bladwijzer"
    "|zaakregister|index des noms|索引",
    "endnotes": "endnotes|end notes|notes|notes and references|anmerkungen|endnoten|notas|nota|noten"
    "|aantekeningen|aanteekeningen|eindnoten|примечания|注|注釈|註|脚注|注释|註釋",
    "footnotes": "footnotes|foot notes|fußnoten|fussnoten|notes de bas de page|note a piè di pagina"
    "|voetnoten",
    "errata": "errata|erratum|corrigenda|drukfouten|verbeteringen|正誤表",
    "contributors": "contributors|about the contributors|notes on contributors|notes on the contributors"
    "|list of contributors|mitwirkende",
    "other-credits": "credits|text credits|photo credits|image credits|picture credits"
    "|illustration credits|permissions|bildnachweis|crédits|créditos",
    "about-the-author": "about the author|about the authors|about the translator|about the publisher"
    "|à propos de l auteur|über den autor|über die autorin|sobre el autor|sull autore|sobre o autor"
    "|over de auteur|over de schrijver|author biography|著者紹介|著者略歴|著者について|作者简介",
    "advertisement": "advertisement|advertisements|newsletter|praise|advance praise"
    "|publisher s advertisements|by the same author|by the same writer|du même auteur"
    "|von derselben autorin|vom selben autor|van dezelfde schrijver",
    "dramatis-personae": "dramatis personae|dramatis personæ|persons of the play|the persons of the play"
    "|persons represented|characters|personnages|personen|personages|personaggi|personajes|登場人物"
    "|cast of characters|list of characters|the characters|characters of the play|characters in the play"
    "|persons in the play|les personnages",
    "gutenberg-license": "the full project gutenberg license|full project gutenberg license"
    "|project gutenberg license|the project gutenberg license",
    "transcribers-note": "transcriber s note|transcriber s notes|transcribers note|transcribers notes"
    "|transcriber note|transcription notes|note du transcripteur|notes du transcripteur"
    "|notes de transcription|anmerkungen zur transkription|nota del transcriptor"
    "|bemerkungen zur textgestalt|opmerkingen van de bewerker|入力者注|底本",
}  # fmt: skip
