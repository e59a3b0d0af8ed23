//! Who buys: made-up people of several countries, whose names and addresses
//! show what a screen must cope with: accents, wide characters, right-to-left
//! scripts, long and short.

use ordertop::order::{Address, Buyer};
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::Dice;

/// A name part as it is written, and in ASCII for an e-mail address.
type Name = (&'static str, &'static str);

/// How a full name is put together.
#[derive(Clone, Copy)]
enum Order {
    GivenFamily,
    FamilyGiven,
    /// Without a blank between.
    FamilyGivenJoined,
}

/// How a street and a number are put together.
#[derive(Clone, Copy)]
enum Street {
    NumberFirst,
    NumberLast,
}

/// A country and its people.
pub(super) struct Country {
    code: &'static str,
    order: Order,
    given: &'static [Name],
    family: &'static [Name],
    street: Street,
    streets: &'static [&'static str],
    /// City, region (may be empty), postcode.
    cities: &'static [(&'static str, &'static str, &'static str)],
    phone: &'static str,
}

/// A buyer with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) buyer: Buyer,
    pub(super) home: Address,
}

impl Country {
    /// One of its people.
    pub(super) fn person(&self, dice: &mut Dice) -> Person {
        let (given, given_ascii) = pick(self.given, dice);
        let (family, family_ascii) = pick(self.family, dice);
        let name = match self.order {
            Order::GivenFamily => format!("{given} {family}"),
            Order::FamilyGiven => format!("{family} {given}"),
            Order::FamilyGivenJoined => format!("{family}{given}"),
        };
        let (city, region, postcode) = pick(self.cities, dice);
        let street = pick(self.streets, dice);
        let number = dice.random_range(1..180);
        let line1 = match self.street {
            Street::NumberFirst => format!("{number} {street}"),
            Street::NumberLast => format!("{street} {number}"),
        };
        // RFC 2606 sets these domains aside: no mail of ours reaches anyone.
        let domain = pick(&["example.com", "example.org", "example.net"], dice);
        let line = dice.random_range(100_000..1_000_000);
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Person {
            buyer: Buyer {
                name: Some(name),
                email: Some(format!("{given_ascii}.{family_ascii}@{domain}")),
                phone: Some(format!("{} 555 {line}", self.phone)),
            },
            home: Address {
                line1: Some(line1),
                city: text(city),
                region: text(region),
                postcode: text(postcode),
                country: text(self.code),
                ..Address::default()
            },
        }
    }
}

/// One of a list that is never empty.
pub(super) fn pick<T: Copy>(list: &[T], dice: &mut Dice) -> T {
    match list.choose(dice) {
        Some(one) => *one,
        None => unreachable!("lists of the demo are never empty"),
    }
}

/// A country by its code.
pub(super) fn country(code: &str) -> &'static Country {
    let found = COUNTRIES.iter().find(|country| country.code == code);
    found.unwrap_or(&COUNTRIES[0])
}

pub(super) const COUNTRIES: &[Country] = &[
    Country {
        code: "US",
        order: Order::GivenFamily,
        given: &[
            ("Maya", "maya"),
            ("Jordan", "jordan"),
            ("Elijah", "elijah"),
            ("Zoë", "zoe"),
            ("DeShawn", "deshawn"),
        ],
        family: &[
            ("Whitfield", "whitfield"),
            ("O’Connor", "oconnor"),
            ("Nguyen", "nguyen"),
            ("Baker", "baker"),
            ("Reyes", "reyes"),
        ],
        street: Street::NumberFirst,
        streets: &[
            "Alder Street",
            "W 4th Avenue",
            "Old Mill Road",
            "Juniper Court",
        ],
        cities: &[
            ("Portland", "OR", "97205"),
            ("Duluth", "MN", "55802"),
            ("Asheville", "NC", "28801"),
        ],
        phone: "+1",
    },
    Country {
        code: "GB",
        order: Order::GivenFamily,
        given: &[
            ("Siobhán", "siobhan"),
            ("Harriet", "harriet"),
            ("Callum", "callum"),
            ("Priya", "priya"),
            ("Rhys", "rhys"),
        ],
        family: &[
            ("Ashworth", "ashworth"),
            ("Pemberton-Hughes", "pemberton"),
            ("Patel", "patel"),
            ("MacLeod", "macleod"),
        ],
        street: Street::NumberFirst,
        streets: &[
            "Canal Street",
            "St Mary’s Row",
            "Kiln Lane",
            "Harbour Terrace",
        ],
        cities: &[
            ("Sheffield", "", "S1 2GD"),
            ("Llandudno", "", "LL30 2HG"),
            ("Leith", "", "EH6 6QW"),
        ],
        phone: "+44",
    },
    Country {
        code: "DE",
        order: Order::GivenFamily,
        given: &[
            ("Jürgen", "juergen"),
            ("Anneliese", "anneliese"),
            ("Björn", "bjoern"),
            ("Käthe", "kaethe"),
            ("Emre", "emre"),
        ],
        family: &[
            ("Müller", "mueller"),
            ("Großmann", "grossmann"),
            ("Schönfelder", "schoenfelder"),
            ("Yıldız", "yildiz"),
        ],
        street: Street::NumberLast,
        streets: &[
            "Lindenstraße",
            "Am Alten Güterbahnhof",
            "Schillerallee",
            "Mühlweg",
        ],
        cities: &[
            ("Görlitz", "", "02826"),
            ("Osnabrück", "", "49074"),
            ("Freiburg im Breisgau", "", "79098"),
        ],
        phone: "+49",
    },
    Country {
        code: "FR",
        order: Order::GivenFamily,
        given: &[
            ("Éloïse", "eloise"),
            ("François", "francois"),
            ("Anaïs", "anais"),
            ("Maël", "mael"),
        ],
        family: &[
            ("Lefèvre", "lefevre"),
            ("Béranger", "beranger"),
            ("d’Aubigné", "daubigne"),
            ("Diallo", "diallo"),
        ],
        street: Street::NumberFirst,
        streets: &[
            "rue de l’Église",
            "quai des Célestins",
            "avenue du Général",
            "impasse des Lilas",
        ],
        cities: &[
            ("Saint-Étienne", "", "42000"),
            ("Besançon", "", "25000"),
            ("Nîmes", "", "30000"),
        ],
        phone: "+33",
    },
    Country {
        code: "BR",
        order: Order::GivenFamily,
        given: &[
            ("João", "joao"),
            ("Conceição", "conceicao"),
            ("Ana", "ana"),
            ("Thiago", "thiago"),
        ],
        family: &[
            ("Souza", "souza"),
            ("Gonçalves", "goncalves"),
            ("Assunção", "assuncao"),
            ("da Silva Araújo", "araujo"),
        ],
        street: Street::NumberLast,
        streets: &["Rua das Laranjeiras", "Av. São João", "Travessa da Glória"],
        cities: &[
            ("São Paulo", "SP", "01310-100"),
            ("Florianópolis", "SC", "88010-400"),
            ("Belém", "PA", "66010-000"),
        ],
        phone: "+55",
    },
    Country {
        code: "ES",
        order: Order::GivenFamily,
        given: &[
            ("Íñigo", "inigo"),
            ("Begoña", "begona"),
            ("Martín", "martin"),
            ("Lucía", "lucia"),
        ],
        family: &[
            ("Muñoz", "munoz"),
            ("Ibáñez", "ibanez"),
            ("Güell", "guell"),
            ("Ortega", "ortega"),
        ],
        street: Street::NumberLast,
        streets: &[
            "Calle del Olmo",
            "Carrer de l’Alguer",
            "Paseo de la Señoría",
        ],
        cities: &[
            ("Logroño", "", "26001"),
            ("A Coruña", "", "15001"),
            ("Cádiz", "", "11005"),
        ],
        phone: "+34",
    },
    Country {
        code: "PL",
        order: Order::GivenFamily,
        given: &[
            ("Łukasz", "lukasz"),
            ("Małgorzata", "malgorzata"),
            ("Jędrzej", "jedrzej"),
        ],
        family: &[
            ("Wiśniewski", "wisniewski"),
            ("Dąbrowska", "dabrowska"),
            ("Żółkiewicz", "zolkiewicz"),
        ],
        street: Street::NumberLast,
        streets: &["ul. Świętokrzyska", "ul. Źródlana", "al. Niepodległości"],
        cities: &[
            ("Łódź", "", "90-001"),
            ("Gdańsk", "", "80-831"),
            ("Rzeszów", "", "35-030"),
        ],
        phone: "+48",
    },
    Country {
        code: "JP",
        order: Order::FamilyGiven,
        given: &[
            ("健", "ken"),
            ("さくら", "sakura"),
            ("陽菜", "hina"),
            ("大翔", "hiroto"),
        ],
        family: &[
            ("佐藤", "sato"),
            ("長谷川", "hasegawa"),
            ("渡辺", "watanabe"),
            ("五十嵐", "igarashi"),
        ],
        street: Street::NumberLast,
        streets: &["中央区銀座", "左京区下鴨", "博多区上川端町"],
        cities: &[
            ("京都市", "京都府", "606-0801"),
            ("福岡市", "福岡県", "812-0026"),
            ("札幌市", "北海道", "060-0061"),
        ],
        phone: "+81",
    },
    Country {
        code: "TW",
        order: Order::FamilyGivenJoined,
        given: &[
            ("美玲", "meiling"),
            ("志明", "chihming"),
            ("雅婷", "yating"),
        ],
        family: &[("陳", "chen"), ("林", "lin"), ("歐陽", "ouyang")],
        street: Street::NumberLast,
        streets: &["中山北路二段", "民生東路", "林森路"],
        cities: &[("臺北市", "", "104"), ("臺南市", "", "701")],
        phone: "+886",
    },
    Country {
        code: "KR",
        order: Order::FamilyGivenJoined,
        given: &[("서연", "seoyeon"), ("민준", "minjun"), ("하은", "haeun")],
        family: &[
            ("김", "kim"),
            ("이", "lee"),
            ("박", "park"),
            ("남궁", "namgung"),
        ],
        street: Street::NumberLast,
        streets: &["세종대로", "해운대로", "전주천동로"],
        cities: &[("서울특별시", "", "04524"), ("부산광역시", "", "48094")],
        phone: "+82",
    },
    Country {
        code: "KW",
        order: Order::GivenFamily,
        given: &[
            ("محمد", "mohammed"),
            ("فاطمة", "fatima"),
            ("يوسف", "yousef"),
            ("نورة", "noura"),
        ],
        family: &[
            ("العلي", "alali"),
            ("الصباح", "alsabah"),
            ("العنزي", "alanezi"),
        ],
        street: Street::NumberLast,
        streets: &["شارع الخليج العربي", "شارع سالم المبارك"],
        cities: &[("الكويت", "", "13001"), ("السالمية", "", "22001")],
        phone: "+965",
    },
    Country {
        code: "IL",
        order: Order::GivenFamily,
        given: &[("נועה", "noa"), ("איתן", "eitan"), ("תמר", "tamar")],
        family: &[
            ("כהן", "cohen"),
            ("מזרחי", "mizrahi"),
            ("פרידמן", "friedman"),
        ],
        street: Street::NumberLast,
        streets: &["רחוב הרצל", "שדרות רוטשילד"],
        cities: &[("תל אביב", "", "6688101"), ("חיפה", "", "3303134")],
        phone: "+972",
    },
    Country {
        code: "VN",
        order: Order::FamilyGiven,
        given: &[
            ("Thị Hương", "huong"),
            ("Văn Đức", "duc"),
            ("Bảo Ngọc", "ngoc"),
        ],
        family: &[("Nguyễn", "nguyen"), ("Trần", "tran"), ("Phạm", "pham")],
        street: Street::NumberFirst,
        streets: &["Đường Lê Lợi", "Phố Hàng Bông"],
        cities: &[("Hà Nội", "", "100000"), ("Đà Nẵng", "", "550000")],
        phone: "+84",
    },
    Country {
        code: "IN",
        order: Order::GivenFamily,
        given: &[
            ("अनन्या", "ananya"),
            ("रोहित", "rohit"),
            ("Kavitha", "kavitha"),
        ],
        family: &[
            ("शर्मा", "sharma"),
            ("Venkataraman", "venkataraman"),
            ("गुप्ता", "gupta"),
        ],
        street: Street::NumberFirst,
        streets: &["MG Road", "गांधी मार्ग", "Temple Street"],
        cities: &[
            ("Bengaluru", "Karnataka", "560001"),
            ("जयपुर", "राजस्थान", "302001"),
        ],
        phone: "+91",
    },
];
