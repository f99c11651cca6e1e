"""Territories by Belfiore code: the ambito of Monza and the 55 comuni of the provincia of Monza e Brianza."""

AMBITI = {"monza": ("F704", "B212", "M017")}
"""Monza, Brugherio, Villasanta."""

PROVINCE = {
    "MB": (
        "A087", "A096", "A159", "A376", "A668", "A759", "A802", "A818", "A849", "B105", "B187", "B212", "B272",
        "B289", "B501", "B671", "B729", "B798", "C395", "C512", "C566", "C820", "C952", "D019", "D038", "D286",
        "E063", "E504", "E530", "E550", "E591", "E617", "E786", "F078", "F165", "F247", "F704", "F797", "F944",
        "G116", "H233", "H529", "H537", "I625", "I709", "I878", "I998", "L434", "L511", "L677", "L704", "L709",
        "L744", "M017", "M052",
    )
}  # fmt: skip
