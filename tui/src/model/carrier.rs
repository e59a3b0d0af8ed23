//! Who carries a parcel, guessed from the form of its tracking number, and
//! where a person can follow it.
//!
//! A guess is a guess: several carriers number with bare digits. Where a form
//! has a check digit it must fit, so that what is guessed is seldom wrong. The
//! forms are those of the carriers' label guides as the open collection
//! <https://github.com/jkeen/tracking_number_data> keeps them with samples;
//! international mail is UPU standard S10
//! (<https://www.upu.int/en/postal-solutions/programmes-services/standards>).

/// A carrier that we know by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Carrier {
    /// What people call it.
    pub name: &'static str,
    /// How else it is written, in lower case.
    aliases: &'static [&'static str],
    /// The address of its tracking page up to the number; empty where the page
    /// wants more than the number.
    page: &'static str,
}

/// What a number's form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is this carrier's, as far as one can tell.
    Of(&'static Carrier),
    /// It has this carrier's form, but its check digit does not fit.
    Mistyped(&'static Carrier),
    /// No form that we know.
    Unknown,
}

const fn carrier(
    name: &'static str,
    aliases: &'static [&'static str],
    page: &'static str,
) -> Carrier {
    Carrier {
        name,
        aliases,
        page,
    }
}

static UPS: Carrier = carrier("UPS", &[], "https://www.ups.com/track?tracknum=");
static USPS: Carrier = carrier(
    "USPS",
    &["us postal service", "united states postal service"],
    "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
);
static FEDEX: Carrier = carrier(
    "FedEx",
    &["fedex ground", "fedex express", "federal express"],
    "https://www.fedex.com/fedextrack/?trknbr=",
);
static DHL: Carrier = carrier(
    "DHL",
    &["dhl express", "dhl paket", "dhl ecommerce", "deutsche post"],
    "https://www.dhl.com/global-en/home/tracking.html?submit=1&tracking-id=",
);
static DPD: Carrier = carrier(
    "DPD",
    &["dpd de", "geopost"],
    "https://tracking.dpd.de/status/en_US/parcel/",
);
static GLS: Carrier = carrier(
    "GLS",
    &[],
    "https://gls-group.com/EU/en/parcel-tracking?match=",
);
static AMAZON: Carrier = carrier(
    "Amazon",
    &["amazon logistics"],
    "https://track.amazon.com/tracking/",
);
static ROYAL_MAIL: Carrier = carrier(
    "Royal Mail",
    &["royalmail"],
    "https://www.royalmail.com/track-your-item#/tracking-results/",
);
static CANADA_POST: Carrier = carrier(
    "Canada Post",
    &[],
    "https://www.canadapost-postescanada.ca/track-reperage/en#/details/",
);
static AUSTRALIA_POST: Carrier = carrier(
    "Australia Post",
    &["auspost"],
    "https://auspost.com.au/mypost/track/#/details/",
);
static LA_POSTE: Carrier = carrier(
    "La Poste",
    &["colissimo"],
    "https://www.laposte.fr/outils/suivre-vos-envois?code=",
);
static POSTNL: Carrier = carrier("PostNL", &[], "");
static BPOST: Carrier = carrier("bpost", &[], "");
static SWISS_POST: Carrier = carrier("Swiss Post", &["die post"], "");
static AUSTRIAN_POST: Carrier = carrier("Austrian Post", &[], "");
static POSTE_ITALIANE: Carrier = carrier("Poste Italiane", &[], "");
static CORREOS: Carrier = carrier("Correos", &[], "");
static CTT: Carrier = carrier("CTT", &[], "");
static CORREIOS: Carrier = carrier("Correios", &[], "");
static AN_POST: Carrier = carrier("An Post", &[], "");
static POSTNORD: Carrier = carrier("PostNord", &[], "");
static POSTEN: Carrier = carrier("Posten Norge", &["posten", "bring"], "");
static POSTI: Carrier = carrier("Posti", &[], "");
static POCZTA_POLSKA: Carrier = carrier("Poczta Polska", &[], "");
static CESKA_POSTA: Carrier = carrier("Česká pošta", &["ceska posta"], "");
static JAPAN_POST: Carrier = carrier("Japan Post", &[], "");
static CHINA_POST: Carrier = carrier("China Post", &[], "");
static HONGKONG_POST: Carrier = carrier("Hongkong Post", &[], "");
static KOREA_POST: Carrier = carrier("Korea Post", &[], "");
static SINGAPORE_POST: Carrier = carrier("Singapore Post", &["singpost"], "");
static INDIA_POST: Carrier = carrier("India Post", &[], "");
static NZ_POST: Carrier = carrier("NZ Post", &[], "");
static POST: Carrier = carrier("Post", &[], "");

/// Carriers that are known by what a person types.
static NAMED: [&Carrier; 32] = [
    &UPS,
    &USPS,
    &FEDEX,
    &DHL,
    &DPD,
    &GLS,
    &AMAZON,
    &ROYAL_MAIL,
    &CANADA_POST,
    &AUSTRALIA_POST,
    &LA_POSTE,
    &POSTNL,
    &BPOST,
    &SWISS_POST,
    &AUSTRIAN_POST,
    &POSTE_ITALIANE,
    &CORREOS,
    &CTT,
    &CORREIOS,
    &AN_POST,
    &POSTNORD,
    &POSTEN,
    &POSTI,
    &POCZTA_POLSKA,
    &CESKA_POSTA,
    &JAPAN_POST,
    &CHINA_POST,
    &HONGKONG_POST,
    &KOREA_POST,
    &SINGAPORE_POST,
    &INDIA_POST,
    &NZ_POST,
];

/// Who hands in a country's international mail; ISO 3166-1 alpha-2.
fn post_of(country: &str) -> &'static Carrier {
    match country {
        "GB" => &ROYAL_MAIL,
        "US" => &USPS,
        "DE" => &DHL,
        "CA" => &CANADA_POST,
        "AU" => &AUSTRALIA_POST,
        "FR" => &LA_POSTE,
        "NL" => &POSTNL,
        "BE" => &BPOST,
        "CH" => &SWISS_POST,
        "AT" => &AUSTRIAN_POST,
        "IT" => &POSTE_ITALIANE,
        "ES" => &CORREOS,
        "PT" => &CTT,
        "BR" => &CORREIOS,
        "IE" => &AN_POST,
        "SE" | "DK" => &POSTNORD,
        "NO" => &POSTEN,
        "FI" => &POSTI,
        "PL" => &POCZTA_POLSKA,
        "CZ" => &CESKA_POSTA,
        "JP" => &JAPAN_POST,
        "CN" => &CHINA_POST,
        "HK" => &HONGKONG_POST,
        "KR" => &KOREA_POST,
        "SG" => &SINGAPORE_POST,
        "IN" => &INDIA_POST,
        "NZ" => &NZ_POST,
        _ => &POST,
    }
}

/// Whose form a number has. Blanks, dots and hyphens between do not count, nor
/// does the case; with any other sign in it, it has none.
#[must_use]
pub fn form(number: &str) -> Form {
    let number = bare(number);
    // Check digits are reckoned for letters and digits alone.
    if !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Form::Unknown;
    }
    if number.bytes().all(|b| b.is_ascii_digit()) {
        return of_digits(&number).map_or(Form::Unknown, Form::Of);
    }
    let checked = |carrier, fits| match fits {
        true => Form::Of(carrier),
        false => Form::Mistyped(carrier),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if number.len() == 18 && number.starts_with("1Z") {
        return checked(&UPS, ups_fits(&number[2..]));
    }
    if let Some(fits) = s10_fits(&number) {
        return checked(post_of(&number[11..]), fits);
    }
    let (head, rest) = number.split_at(number.len().min(3));
    if matches!(head, "TBA" | "TBC" | "TBM") && rest.len() == 12 && all_digits(rest) {
        return Form::Of(&AMAZON);
    }
    // Piece numbers of DHL: ISO 15459 with its issuer JD.
    let piece = number
        .strip_prefix("JJD")
        .or_else(|| number.strip_prefix("JD"));
    if piece.is_some_and(|rest| (9..=20).contains(&rest.len()) && all_digits(rest)) {
        return Form::Of(&DHL);
    }
    // DPD's 14 digits, or its whole label, with the check character.
    if matches!(number.len(), 15 | 28) && mod_37_36_fits(&number) {
        return Form::Of(&DPD);
    }
    Form::Unknown
}

/// Forms of digits alone, the surest first.
fn of_digits(number: &str) -> Option<&'static Carrier> {
    let starts = |heads: &[&str]| heads.iter().any(|head| number.starts_with(head));
    // 420 and the postcode stand before a USPS number on its label.
    if matches!(number.len(), 30 | 34) && starts(&["420"]) {
        let skip = number.len() - 22;
        return gs1_fits(&number[skip..]).then_some(&USPS);
    }
    match number.len() {
        22 if starts(&["91", "92", "93", "94", "95"]) && gs1_fits(number) => Some(&USPS),
        22 if starts(&["96"]) && gs1_fits(&number[7..]) => Some(&FEDEX),
        26 if starts(&["92", "93"]) && gs1_fits(number) => Some(&USPS),
        // GS1's shipping code of a German shipper: DHL Paket.
        20 if starts(&["0034"]) && gs1_fits(number) => Some(&DHL),
        20 if starts(&["03", "23", "70", "71", "73", "77", "81", "82"]) && gs1_fits(number) => {
            Some(&USPS)
        }
        15 if gs1_fits(number) => Some(&FEDEX),
        14 => Some(&DPD),
        15 if mod_37_36_fits(number) => Some(&DPD),
        12 if fedex_12_fits(number) => Some(&FEDEX),
        12 if identcode_fits(number) => Some(&DHL),
        11 => Some(&GLS),
        10 if dhl_express_fits(number) => Some(&DHL),
        _ => None,
    }
}

/// The carrier that a person means.
#[must_use]
pub fn named(text: &str) -> Option<&'static Carrier> {
    let text = text.trim().to_lowercase();
    NAMED.into_iter().find(|carrier| {
        carrier.name.to_lowercase() == text || carrier.aliases.contains(&text.as_str())
    })
}

/// Where a person can follow a parcel; `None` for a carrier that we do not know,
/// or whose page wants more than the number.
#[must_use]
pub fn tracking_link(carrier: &str, number: &str) -> Option<String> {
    let page = named(carrier)?.page;
    let number = bare(number);
    // Nothing else is in a tracking number, and nothing else gets into the link.
    let safe = !number.is_empty() && number.bytes().all(|b| b.is_ascii_alphanumeric());
    (safe && !page.is_empty()).then(|| format!("{page}{number}"))
}

fn bare(number: &str) -> String {
    let between = |c: &char| c.is_whitespace() || matches!(c, '-' | '.');
    let kept = number.chars().filter(|c| !between(c));
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    text.chars().filter_map(|c| c.to_digit(10))
}

/// The check digit at the end, and what stands before it.
fn split_check(number: &str) -> Option<(&str, u32)> {
    let at = number.len().checked_sub(1)?;
    let check = number[at..].chars().next()?.to_digit(10)?;
    Some((&number[..at], check))
}

fn weighed(body: &str, weights: &[u32]) -> u32 {
    (digits(body).zip(weights.iter().cycle()))
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// GS1 General Specifications, 7.9.1: from the right 3, 1, 3, …, to the next ten.
fn gs1_fits(number: &str) -> bool {
    split_check(number).is_some_and(|(body, check)| {
        let sum: u32 = (digits(body).rev().zip([3, 1].into_iter().cycle()))
            .map(|(digit, weight)| digit * weight)
            .sum();
        (10 - sum % 10) % 10 == check
    })
}

/// 15 characters and the check digit: letters count from A = 2, every second one double.
fn ups_fits(number: &str) -> bool {
    split_check(number).is_some_and(|(body, check)| {
        let value = |b: u8| match b {
            b'0'..=b'9' => u32::from(b - b'0'),
            other => u32::from(other.saturating_sub(63)) % 10,
        };
        let sum: u32 = (body.bytes().enumerate())
            .map(|(i, b)| value(b) * if i % 2 == 0 { 1 } else { 2 })
            .sum();
        (10 - sum % 10) % 10 == check
    })
}

/// UPU S10: two letters, eight digits and their check digit, a country; `None`
/// for another form.
fn s10_fits(number: &str) -> Option<bool> {
    let letter = |b: &u8| b.is_ascii_uppercase();
    let bytes = number.as_bytes();
    let form = bytes.len() == 13
        && bytes[..2].iter().all(letter)
        && bytes[2..11].iter().all(u8::is_ascii_digit)
        && bytes[11..].iter().all(letter);
    if !form {
        return None;
    }
    let (body, check) = split_check(&number[2..11])?;
    let wanted = match 11 - weighed(body, &[8, 6, 4, 2, 3, 5, 9, 7]) % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    Some(wanted == check)
}

/// FedEx Express: 3, 1, 7, …, modulo 11.
fn fedex_12_fits(number: &str) -> bool {
    split_check(number).is_some_and(|(body, check)| weighed(body, &[3, 1, 7]) % 11 % 10 == check)
}

/// Identcode of Deutsche Post: 4, 9, …, to the next ten.
fn identcode_fits(number: &str) -> bool {
    split_check(number)
        .is_some_and(|(body, check)| (10 - weighed(body, &[4, 9]) % 10) % 10 == check)
}

/// DHL Express waybill: the nine digits modulo 7.
fn dhl_express_fits(number: &str) -> bool {
    split_check(number)
        .is_some_and(|(body, check)| body.parse::<u32>().is_ok_and(|body| body % 7 == check))
}

/// ISO/IEC 7064, MOD 37,36, the check character included.
fn mod_37_36_fits(number: &str) -> bool {
    let mut product = 36;
    let mut last = 0;
    for (i, c) in number.chars().enumerate() {
        let Some(value) = c.to_digit(36) else {
            return false;
        };
        last = (product + value) % 36;
        if i + 1 == number.len() {
            break;
        }
        let sum = if last == 0 { 36 } else { last };
        product = sum * 2 % 37;
    }
    last == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Signs that the forms begin with come often, so that what follows them is
        /// looked at too.
        #[test]
        fn whatever_is_typed_has_a_form_or_none(
            head in prop_oneof![Just(""), Just("1Z"), Just("420"), Just("JJD"), Just("TBA"), Just("RB")],
            tail in prop_oneof!["[!-`]{0,58}", "[ -~]{9,28}", "\\PC{0,58}"],
            carrier in "\\PC{0,60}",
        ) {
            let number = format!("{head}{tail}");
            let link = tracking_link("UPS", &number);
            let safe = |link: String| link.bytes().all(|b| b.is_ascii_graphic());
            prop_assert!(link.is_none_or(safe));
            let known = form(&number) != Form::Unknown;
            prop_assert!(!known || tracking_link("UPS", &number).is_some());
            prop_assert!(tracking_link(&carrier, "1").is_none_or(|link| link.ends_with('1')));
        }
    }

    #[test]
    fn numbers_are_known_by_their_form() {
        let table = [
            ("1Z\u{a0}5R8939035756\t7127", "UPS"),
            ("1Z5R89390357567127", "UPS"),
            ("1z 879e 9303 4683 4440", "UPS"),
            ("9400 1112 0108 0805 4830 16", "USPS"),
            ("420221539101026837331000039521", "USPS"),
            ("4201002334249200190132607600833457", "USPS"),
            ("92748931507708513018050063", "USPS"),
            ("7112 3456 7891 2345 6787", "USPS"),
            ("9611020987654312345672", "FedEx"),
            ("986578788855", "FedEx"),
            ("0414 4176 0228 964", "FedEx"),
            ("3318810025", "DHL"),
            ("56.310 243.031 3", "DHL"),
            ("JJD0099999999", "DHL"),
            ("JD014600006281230704", "DHL"),
            ("00340434161094042557", "DHL"),
            ("008182709980000020033350276C", "DPD"),
            ("09980000020033", "DPD"),
            ("50012345678", "GLS"),
            ("TBA502887274000", "Amazon"),
            ("RB123456785GB", "Royal Mail"),
            ("RB123456785US", "USPS"),
            ("RB123456785XX", "Post"),
        ];
        for (number, name) in table {
            match form(number) {
                Form::Of(carrier) => assert_eq!(carrier.name, name, "{number}"),
                other => panic!("{number}: {other:?}"),
            }
        }
    }

    #[test]
    fn one_wrong_digit_is_seen_where_the_form_is_sure() {
        assert_eq!(form("1Z5R89390357567128"), Form::Mistyped(&UPS));
        assert_eq!(form("RB123456784GB"), Form::Mistyped(&ROYAL_MAIL));
        for unknown in [
            "",
            "1Z",
            "9400111201080805483017",
            "996578788855",
            "008182709980000020033350276A",
            "hello",
            "陳美玲",
            "1Z!AAAAAAAAAAAAAA1",
            "1Z5R89390357567127!",
            "*0818270998000002003335027",
            "1Z5R893903575671é7",
            "\u{1b}[2J",
        ] {
            assert_eq!(form(unknown), Form::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_link_holds_nothing_but_the_number() {
        assert_eq!(
            tracking_link("ups", "1z5r 8939 0357 5671 27").as_deref(),
            Some("https://www.ups.com/track?tracknum=1Z5R89390357567127")
        );
        assert_eq!(
            tracking_link(" DHL Express ", "3318810025").as_deref(),
            Some(
                "https://www.dhl.com/global-en/home/tracking.html?submit=1&tracking-id=3318810025"
            )
        );
        assert_eq!(tracking_link("My cousin", "1"), None);
        assert_eq!(tracking_link("PostNL", "3SABC"), None);
        assert_eq!(tracking_link("UPS", "1Z&x=\u{1b}"), None);
        assert_eq!(tracking_link("UPS", ""), None);
    }
}
