"""Japanese as it is spoken on the telephone, compared by sound.

A recogniser chooses kanji by guesswork (代われ, 変われ, 替われ) and cuts dialect into odd words, so nothing is compared
as it is written. `sound` gives the reading of a text, `conjugation` the forms of a verb, `moods` the endings that make
an order or an intention of it, `pattern` finds a phrase that was written once, in its dictionary form.
"""
