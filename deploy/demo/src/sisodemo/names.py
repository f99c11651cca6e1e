"""Common names, surnames and street names: enough for a plausible city of invented people."""

COGNOMI = (
    "Rossi Colombo Brambilla Sala Villa Fumagalli Galbiati Riva Mauri Casati Beretta Cattaneo Ferrari "
    "Bianchi Pozzi Crippa Ronchi Corti Meroni Redaelli Motta Viganò Arosio Perego Caprotti Confalonieri "
    "Longoni Mariani Cazzaniga Radaelli Monti Magni Sironi Erba Galli Consonni Villa Locatelli Teruzzi "
    "Brivio Oggioni Frigerio Parravicini Biffi Santambrogio Pirola Valtorta Tremolada Citterio Porro "
    "Ratti Romanò Cesana Ballabio Spinelli Nava Besana Passoni Varisco Pessina Scotti Malberti Appiani "
    "Giussani Lissoni Pulici Trezzi Molteni Dell'Orto Colzani Farina Busnelli Esposito Russo Romano Greco "
    "Marino Bruno Ricci Conti Costa Giordano Mancini Rizzo Lombardi Moretti Barbieri Fontana Santoro "
    "Mariani Rinaldi Caruso Leone Longo Martinelli Gentile Vitale Lombardo Serra Coppola D'Angelo D'Amico "
    "De_Santis De_Luca De_Angelis Di_Marco La_Rocca Lo_Presti Dell'Acqua Messina Ferri Palumbo Sorrentino "
    "Parisi Bellini Testa Pellegrini Grassi Monaco Neri Cattani Silvestri Guerra Basile Sanna Piras "
    "Deiana Amato Battaglia Fiore Fabbri Valentini Pagano Ruggiero Bernardi Orlando Benedetti Barone "
    "Giuliani Morelli Catalano Marchetti Ferrara Milani Albanese Cirillo Napolitano Montanari Sartori "
    "Zanetti Bassi Carboni Grasso Nicolò Bossi"
)
NOMI_M = (
    "Marco Andrea Luca Matteo Francesco Alessandro Davide Lorenzo Stefano Roberto Giuseppe Giovanni "
    "Antonio Mario Paolo Carlo Luigi Angelo Franco Sergio Giorgio Claudio Massimo Fabio Simone Federico "
    "Gabriele Leonardo Tommaso Edoardo Riccardo Filippo Nicolò Pietro Samuele Diego Enrico Alberto "
    "Daniele Michele Salvatore Vincenzo Domenico Ambrogio Pierluigi Gianluca Emanuele Christian Jacopo "
    "Mattia Giacomo Renato Umberto Ernesto Silvano Walter Dario"
)
NOMI_F = (
    "Giulia Sofia Aurora Alice Martina Chiara Francesca Sara Elena Laura Silvia Valentina Federica Elisa "
    "Anna Maria Giovanna Rosa Teresa Carla Angela Luisa Franca Giuseppina Antonella Paola Roberta Daniela "
    "Cristina Monica Barbara Simona Claudia Alessandra Beatrice Camilla Emma Ginevra Greta Gaia Vittoria "
    "Matilde Bianca Rebecca Lucia Marta Irene Ilaria Debora Stefania Patrizia Ornella Piera Ambrogina "
    "Bruna Lidia Noemi Eleonora Nicole Rachele Agnese"
)
SPECIE = ("Via",) * 14 + ("Viale", "Piazza", "Vicolo", "Largo", "Corso", "Via")
STRADE = (
    "Roma Milano Garibaldi Cavour Mazzini Dante Verdi Volta Marconi Manzoni Matteotti Gramsci Leopardi "
    "Carducci Pascoli Petrarca Boccaccio Parini Foscolo Ariosto Tasso Alfieri Monti Pellico Galvani "
    "Galilei Fermi Colombo Vespucci Monte_Bianco Monte_Rosa Adamello Grigna Resegone Stelvio Bernina "
    "Lambro Adda Seveso Molgora Ticino Po Trento Trieste Gorizia Zara Fiume Venezia Bologna Firenze "
    "Torino Genova Napoli Palermo Cagliari Bergamo Como Lecco San_Francesco Sant'Ambrogio San_Carlo "
    "San_Giovanni Santa_Caterina San_Rocco Sant'Antonio Madonna_della_Neve della_Pace della_Libertà "
    "dei_Mille delle_Rose dei_Tigli dei_Pini delle_Acacie delle_Viole dei_Gelsi dei_Platani IV_Novembre "
    "XXV_Aprile I_Maggio II_Giugno della_Repubblica della_Resistenza degli_Alpini dell'Artigianato "
    "dell'Industria del_Lavoro Europa Kennedy Papa_Giovanni_XXIII Don_Minzoni Don_Bosco Montessori "
    "Deledda Pertini"
)
NAZIONI: dict[str, tuple[str, int, str, str, str]] = {
    # belfiore: (ISO 3166-1 numeric, weight, surnames, names M, names F)
    "Z129": (
        "642",
        18,
        "Popescu Ionescu Popa Dumitru Stan Munteanu Radu Rusu Ciobanu Matei",
        "Ion Andrei Mihai Cristian Florin Adrian Gheorghe Vasile",
        "Elena Ioana Mihaela Ana Gabriela Daniela",
    ),
    "Z336": (
        "818",
        13,
        "Hassan Mohamed Ibrahim Mahmoud Abdelrahman Elsayed Mansour Khalil Fathy Shehata",
        "Ahmed Mohamed Mahmoud Karim Omar Youssef Mostafa",
        "Fatma Mariam Nour Heba Amira Salma",
    ),
    "Z100": (
        "008",
        11,
        "Hoxha Shehu Gjoka Kola Prifti Leka Dervishi Marku Zeneli Cela",
        "Arben Ilir Altin Besnik Erion Dritan Klodian",
        "Mirela Anila Eda Valbona Entela Blerina",
    ),
    "Z330": (
        "504",
        10,
        "El_Amrani Benali Alaoui Bouzid El_Idrissi Ait_Lahcen Chakir Naciri Fassi Haddad",
        "Mohammed Rachid Said Hamid Khalid Youssef Abdelilah",
        "Fatima Khadija Aicha Naima Samira Hanane",
    ),
    "Z138": (
        "804",
        9,
        "Shevchenko Kovalenko Bondarenko Tkachenko Kravchenko Melnyk Boyko Koval",
        "Oleksandr Andriy Serhiy Ivan Mykola Taras",
        "Oksana Olena Nataliya Iryna Svitlana Halyna Lyudmyla",
    ),
    "Z236": (
        "586",
        7,
        "Khan Ahmed Hussain Malik Iqbal Raza Butt Chaudhry",
        "Muhammad Ali Imran Bilal Usman Adnan",
        "Ayesha Sana Fatima Zainab Saima Nadia",
    ),
    "Z605": (
        "218",
        6,
        "Zambrano Mendoza Cedeño Vera Macías Intriago Loor Moreira",
        "Carlos Luis José Ángel Jorge Wilson",
        "María Carmen Rosa Gladys Mercedes Diana",
    ),
    "Z611": (
        "604",
        6,
        "Quispe Flores Huamán Rojas Mamani Vásquez Ramos Chávez",
        "Juan César Víctor Miguel Julio Percy",
        "Rosario Milagros Luz Elizabeth Carmen Pilar",
    ),
    "Z210": (
        "156",
        5,
        "Hu Chen Zhou Wang Lin Zhang Xu Li Wu",
        "Wei Jun Jian Ming Hao Lei",
        "Li Xiaoling Yan Mei Jing",
    ),
    "Z216": (
        "608",
        4,
        "Reyes Santos Cruz Bautista García Mendoza Ramos Aquino",
        "Jose Ramil Rodel Arnel Marlon",
        "Maria Rowena Jocelyn Lourdes Marites",
    ),
    "Z249": (
        "050",
        4,
        "Rahman Hossain Islam Uddin Miah Sarker",
        "Abdul Shahin Rafiq Jahangir Kamal",
        "Nasrin Taslima Shirin Rokeya Farzana",
    ),
    "Z209": (
        "144",
        4,
        "Fernando Perera Silva Warnakulasuriya Fonseka",
        "Nimal Sunil Ranjith Chaminda",
        "Nilanthi Kumari Dilrukshi Chandrika",
    ),
    "Z343": (
        "686",
        3,
        "Diop Ndiaye Fall Seck Diouf Gueye Mbaye",
        "Mamadou Cheikh Ibrahima Modou Ousmane",
        "Aminata Fatou Awa Mariama Khady",
    ),
}
ALTRE_NASCITE = (
    # where Italian residents of Brianza were also born: code, weight
    ("F205", 30), ("D286", 12), ("M052", 12), ("F704", 26), ("B729", 10), ("H501", 4), ("F839", 7),
    ("G273", 5), ("L219", 4), ("A662", 4), ("C351", 3), ("E506", 3), ("D643", 3), ("C342", 2), ("A794", 5),
    ("C933", 5), ("E507", 5), ("H224", 3), ("D086", 2), ("L049", 2), ("A944", 2), ("D969", 2),
)  # fmt: skip


def words(text: str) -> tuple[str, ...]:
    """Splits a list of names; an underscore stands for a blank inside a name."""
    return tuple(word.replace("_", " ") for word in text.split())
