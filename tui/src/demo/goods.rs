//! Who sells what: the vendors of the demo and their articles.

/// A vendor of the demo.
pub(super) struct Shop {
    /// Its vendor id.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// ISO 4217 code of its prices.
    pub(super) currency: &'static str,
    /// Its order numbers begin so.
    pub(super) prefix: &'static str,
    /// Countries that its buyers live in; the first are the commonest.
    pub(super) buyers: &'static [&'static str],
    /// What a parcel costs.
    pub(super) shipping: &'static [&'static str],
    pub(super) carrier: &'static str,
    pub(super) goods: &'static [Article],
}

/// An article: SKU, title, price, variants (none where the list is empty).
pub(super) type Article = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

pub(super) const SHOPS: &[Shop] = &[
    Shop {
        id: "42",
        name: "Acme Outfitters",
        currency: "USD",
        prefix: "AC-",
        buyers: &["US", "US", "GB", "IN", "VN"],
        shipping: &["0.00", "7.95", "12.50"],
        carrier: "UPS",
        goods: &[
            (
                "TENT-2P-GRN",
                "Trail Tent, 2 persons",
                "184.00",
                &["Green", "Sand"],
            ),
            ("LAMP-HEAD-4", "Headlamp 400 lm, rechargeable", "39.90", &[]),
            (
                "BOTL-075",
                "Steel Bottle 0.75 l",
                "24.50",
                &["Black", "Red", "Ocean"],
            ),
            ("SOCK-MER", "Merino Socks", "18.00", &["S", "M", "L"]),
            ("STOVE-G2", "Gas Stove “Ember” G2", "64.00", &[]),
        ],
    },
    Shop {
        id: "nordlicht",
        name: "Nordlicht Keramik",
        currency: "EUR",
        prefix: "NL",
        buyers: &["DE", "DE", "FR", "PL", "ES", "IL"],
        shipping: &["4.90", "9.90"],
        carrier: "DHL",
        goods: &[
            ("TAS-NEB", "Tasse „Nebel“", "18.50", &["Weiß", "Blaugrau"]),
            ("SCH-GR-30", "Große Schüssel 30 cm", "62.00", &[]),
            (
                "TEL-SET-6",
                "Tellerset, sechs Stück",
                "119.00",
                &["Matt", "Glänzend"],
            ),
            ("VAS-FJ", "Vase „Fjord“, handgedreht", "84.90", &[]),
        ],
    },
    Shop {
        id: "kumo",
        name: "雲文具店 Kumo Stationery",
        currency: "JPY",
        prefix: "KM",
        buyers: &["JP", "JP", "TW", "KR", "US"],
        shipping: &["0", "520", "880"],
        carrier: "ヤマト運輸",
        goods: &[
            ("PEN-WASHI-03", "和紙巻き万年筆", "12800", &["藍", "朱"]),
            ("NOTE-A5-G", "方眼ノート A5", "680", &[]),
            ("INK-30-KAWA", "インク「川」30 ml", "1650", &["青", "緑"]),
            ("TAPE-SET-5", "マスキングテープ 5 巻セット", "1320", &[]),
        ],
    },
    Shop {
        id: "saudade",
        name: "Saudade Cafés",
        currency: "BRL",
        prefix: "SC-",
        buyers: &["BR", "BR", "BR", "ES"],
        shipping: &["0.00", "19.90"],
        carrier: "Correios",
        goods: &[
            (
                "CAF-MOG-250",
                "Café Mogiana em grãos 250 g",
                "42.90",
                &["Torra clara", "Torra média"],
            ),
            (
                "CAF-CER-1K",
                "Café do Cerrado 1 kg",
                "119.00",
                &["Grãos", "Moído"],
            ),
            ("COA-V60", "Coador de cerâmica V60", "89.90", &[]),
        ],
    },
    Shop {
        id: "manara",
        name: "منارة Manara Lamps",
        currency: "KWD",
        prefix: "MN",
        buyers: &["KW", "KW", "IN", "GB"],
        shipping: &["1.500", "2.750"],
        carrier: "Aramex",
        goods: &[
            ("LMP-BRASS", "فانوس نحاسي", "24.750", &["صغير", "كبير"]),
            ("LMP-MOSAIC", "Mosaic Table Lamp", "38.500", &[]),
            ("WICK-12", "Wicks, box of 12", "1.250", &[]),
        ],
    },
    Shop {
        id: "hadley",
        name: "Hadley & Daughters, Booksellers",
        currency: "GBP",
        prefix: "HD",
        buyers: &["GB", "GB", "US", "FR", "TW"],
        shipping: &["3.20", "5.45"],
        carrier: "Royal Mail",
        goods: &[
            (
                "BK-TIDES",
                "A History of Tides, 2nd edition",
                "22.00",
                &["Paperback", "Hardback"],
            ),
            ("BK-MOSS", "The Moss Gatherer’s Almanack", "14.99", &[]),
            (
                "MAP-LAKES-1843",
                "Map of the Lakes, 1843 (facsimile)",
                "48.00",
                &[],
            ),
            ("BAG-TOTE", "Tote Bag “One more chapter”", "9.50", &[]),
        ],
    },
];
