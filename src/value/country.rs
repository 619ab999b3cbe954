//! Countries by ISO 3166-1 alpha-2 code, and the countries in which a point lies.
//!
//! The look-up answers with a *set*: where states dispute an area or a territory belongs to one with a code of its own
//! (Hong Kong: `CN` and `HK`), all of them are in it. An empty set means that the data knows no country there.
//!
//! Accuracy: the embedded boundaries are simplified from OpenStreetMap so that every settlement and main road is on
//! the right side; borders through empty country can be off by a kilometre or more, and borders at sea are not in the
//! data: a point near the coast can be of no country, one far out can be of some. So a rule asks [`near_countries`] with
//! a tolerance, and takes no country at all for unknown. Nothing here says where material has really been.

use super::closed_enum::NameError;
use super::place::{Point, WGS84};
use super::text_form::text_form;
use country_boundaries::{BOUNDARIES_ODBL_60X30, CountryBoundaries, LatLon};
use geographiclib_rs::DirectGeodesic as _;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// The attribution that the boundary data's licence asks for; printed where a look-up's result is printed.
pub const BOUNDARIES_ATTRIBUTION: &str =
    "country boundaries © OpenStreetMap contributors, Open Database License (ODbL) 1.0";

/// A country or territory with an ISO 3166-1 alpha-2 code.
///
/// One user-assigned code is accepted as well, `XK` (Kosovo), since sites there have no other code in common use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Codes that people write for another one.
const COMMON_MISTAKES: [(&str, &str); 8] = [
    ("UK", "GB"),
    ("EN", "GB"),
    ("EL", "GR"),
    ("SU", "RU"),
    ("PRC", "CN"),
    ("ROK", "KR"),
    ("DPRK", "KP"),
    ("UAE", "AE"),
];

const KOSOVO: &str = "XK";

impl Country {
    /// The alpha-2 code.
    #[must_use]
    pub const fn code(&self) -> &str {
        // Two ASCII letters by construction; the other arm cannot be reached.
        match std::str::from_utf8(&self.0) {
            Ok(code) => code,
            Err(_) => "",
        }
    }

    /// The English short name (ISO 3166-1).
    #[must_use]
    pub fn name(&self) -> &'static str {
        let kosovo = if self.code() == KOSOVO { "Kosovo" } else { "" };
        rust_iso3166::ALL.iter().find(|c| c.alpha2 == self.code()).map_or(kosovo, |c| c.name)
    }

    /// Every country, in alphabetical order of the codes.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        rust_iso3166::ALL.iter().map(|c| c.alpha2).chain([KOSOVO]).filter_map(Self::known).collect()
    }

    /// The country with exactly this code.
    fn known(code: &str) -> Option<Self> {
        let exists = code == KOSOVO || rust_iso3166::from_alpha2(code).is_some();
        exists.then(|| code.as_bytes().try_into().map(Self).ok()).flatten()
    }
}

/// What the author of a wrong code may have meant: another case, a common mistake, an alpha-3 code, or a name.
fn meant(text: &str) -> Vec<&'static str> {
    let upper = text.trim().to_uppercase();
    let known = |code: &str| rust_iso3166::from_alpha2(code).map(|c| c.alpha2);
    let mistake = || COMMON_MISTAKES.iter().find(|(wrong, _)| *wrong == upper).map(|(_, right)| *right);
    let alpha3 = || rust_iso3166::from_alpha3(&upper).map(|c| c.alpha2);
    known(&upper).or_else(mistake).or_else(alpha3).into_iter().collect()
}

impl FromStr for Country {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::known(text).ok_or_else(|| {
            let names = rust_iso3166::ALL.iter().filter(|_| text.chars().count() > 3).map(|c| (c.alpha2, c.name));
            let error = NameError::new("an ISO 3166-1 alpha-2 country code such as `GB`", text, names);
            let meant = meant(text);
            if meant.is_empty() { error } else { NameError { nearest: meant, ..error } }
        })
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

text_form!(Country, "Country", "^[A-Z]{2}$", "country, ISO 3166-1 alpha-2 code (or XK)", [u8; 2], |v| v.0, |bytes| {
    std::str::from_utf8(&bytes).ok().and_then(Self::known)
});

/// The embedded data, read on first use. A test reads it too, so a build that passes its tests never has `None`.
///
/// In the coarsest raster that the crate has, which is read in 0.6 ms, the finest in 5 ms or more. Of 2,000,000 points the two
/// answered differently on 13, each of them within 5 m of a border of the other.
static BOUNDARIES: LazyLock<Option<CountryBoundaries>> =
    LazyLock::new(|| CountryBoundaries::from_reader(BOUNDARIES_ODBL_60X30).ok());

/// The country of an area code in the data: `US-TX` is in `US`, `UA-40` (Sevastopol) in `UA`.
fn country_of_area(id: &str) -> Option<Country> {
    Country::known(id.get(..2)?)
}

fn countries_at_degrees(lat: f64, lon: f64) -> Vec<Country> {
    let place = LatLon::new(lat.clamp(-90.0, 90.0), lon).ok();
    let ids = BOUNDARIES.as_ref().zip(place).map(|(data, place)| data.ids(place)).unwrap_or_default();
    let mut countries: BTreeSet<Country> = ids.into_iter().filter_map(country_of_area).collect();
    if countries.contains(&Country(*b"XK")) {
        countries.insert(Country(*b"RS"));
    }
    countries.into_iter().collect()
}

/// The countries in which a point lies by the embedded boundaries, in alphabetical order.
///
/// Several where the area is disputed or a territory with its own code; none at sea or where the data has no country.
/// See the [module](self) for the accuracy.
#[must_use]
pub fn countries_at(point: Point) -> Vec<Country> {
    countries_at_degrees(point.lat.degrees(), point.lon.degrees())
}

/// The countries in which a point or any of eight points around it, `metres` away, lies; in alphabetical order.
///
/// For use with a tolerance of the order of the data's accuracy. Eight directions can miss a salient narrower than
/// three quarters of the distance.
#[must_use]
pub fn near_countries(point: Point, metres: u32) -> Vec<Country> {
    let mut countries: BTreeSet<Country> = countries_at(point).into_iter().collect();
    for eighth in 0..8u32 {
        let azimuth = f64::from(eighth) * 45.0;
        let (lat, lon) = WGS84.direct(point.lat.degrees(), point.lon.degrees(), azimuth, f64::from(metres));
        countries.extend(countries_at_degrees(lat, lon));
    }
    countries.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(point: &str) -> String {
        codes(countries_at(point.parse().unwrap()))
    }

    fn codes(countries: Vec<Country>) -> String {
        countries.iter().map(Country::code).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_embedded_boundaries_are_readable() {
        assert!(BOUNDARIES.is_some());
    }

    #[test]
    fn known_sites_lie_in_their_countries() {
        for (site, country, point) in [
            ("Mountain Pass", "US", "35.48,-115.53"),
            ("Fort Worth", "US", "32.98,-97.28"),
            ("Starke", "US", "29.95,-82.05"),
            ("Offerman", "US", "31.42,-82.11"),
            ("White Mesa", "US", "37.54,-109.50"),
            ("Mt Weld", "AU", "-28.86,122.55"),
            ("Kalgoorlie", "AU", "-30.76,121.39"),
            ("Gebeng", "MY", "3.99,103.37"),
            ("Sillamäe", "EE", "59.40,27.75"),
            ("Narva", "EE", "59.36,28.15"),
            ("Ellesmere Port", "GB", "53.30,-2.94"),
            ("Sumter", "US", "33.87,-80.30"),
            ("San Marcos", "US", "29.85,-97.95"),
            ("Stillwater", "US", "36.13,-97.07"),
            ("Bayan Obo", "CN", "41.78,109.97"),
            ("Ganzhou", "CN", "25.83,114.93"),
            ("Ningbo", "CN", "29.87,121.55"),
            ("Mesabi Range", "US", "47.5,-92.6"),
            ("Boron", "US", "35.03,-117.69"),
            ("Kokkola", "FI", "63.86,23.05"),
        ] {
            assert_eq!(at(point), country, "{site}");
        }
    }

    #[test]
    fn disputed_areas_and_territories_give_several() {
        assert_eq!(at("44.6,33.5"), "RU UA", "Sevastopol");
        assert_eq!(at("42.66,21.16"), "RS XK", "Pristina");
        assert_eq!(at("22.3,114.17"), "CN HK", "Hong Kong");
        assert_eq!(at("9.6,28.4"), "SD SS", "Abyei");
        assert_eq!(at("28.1,-15.45"), "ES", "Gran Canaria");
        assert_eq!(at("25.03,121.56"), "TW", "Taipei");
        assert_eq!(at("90,0"), "", "North Pole");
    }

    #[test]
    fn a_tolerance_takes_in_the_other_side_of_a_border() {
        let narva = "59.36,28.15".parse().unwrap();
        assert_eq!(codes(near_countries(narva, 500)), "EE");
        assert_eq!(codes(near_countries(narva, 5_000)), "EE RU");
        assert_eq!(codes(near_countries("66.5,180".parse().unwrap(), 1_000)), "RU");
        assert_eq!(codes(near_countries("90,0".parse().unwrap(), 0)), "");
    }

    #[test]
    fn only_exact_codes_are_read_and_mistakes_get_advice() {
        let message = |text: &str| text.parse::<Country>().unwrap_err().to_string();
        let expected = "expected an ISO 3166-1 alpha-2 country code such as `GB`, found";
        assert_eq!(message("UK"), format!("{expected} `UK` (did you mean `GB`?)"));
        assert_eq!(message("gb"), format!("{expected} `gb` (did you mean `GB`?)"));
        assert_eq!(message("USA"), format!("{expected} `USA` (did you mean `US`?)"));
        assert_eq!(message("Estonia"), format!("{expected} `Estonia` (did you mean `EE`?)"));
        assert_eq!(message("ZZ"), format!("{expected} `ZZ`"));
        for bad in ["", "G", " GB", "ÄÖ", "EU", "XX"] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_country_has_a_name_and_one_spelling() {
        let all = Country::all();
        assert_eq!(all.len(), 250);
        for country in all {
            assert_eq!(country.to_string().parse(), Ok(country));
            assert!(!country.name().is_empty());
        }
        let config = bincode::config::standard();
        assert!(bincode::serde::decode_from_slice::<Country, _>(b"ZZ", config).is_err());
        assert_eq!(bincode::serde::decode_from_slice::<Country, _>(b"MY", config).unwrap().0.name(), "Malaysia");
    }
}
