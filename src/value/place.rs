//! Places on Earth: coordinates, points, and the area of a site.
//!
//! Coordinates are whole micro-degrees (WGS 84), about 0.11 m, so that what is signed has one value everywhere. Whether
//! a point lies in a polygon is decided exactly, in integers, with straight edges in the plane of latitude and
//! longitude: an edge of a kilometre departs from the geodesic by less than a decimetre up to 70° of latitude (the
//! departure is L²·tan φ / 8R). Distances are geodesic, rounded to the metre.
//!
//! Not in scope: which country a place belongs to ([`country`](super::country)), and whether two places contradict each
//! other (`rules`).

use super::decimal::{self, DecimalError};
use super::polygon::Polygon;
use super::text_form::text_form;
use geographiclib_rs::{Geodesic, InverseGeodesic as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

pub(super) static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// Why a text is no coordinate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoordinateError {
    /// Not a decimal number of degrees.
    #[error("{0} as a {1}{hint}", hint = direction_hint(.2))]
    Decimal(DecimalError, &'static str, String),
    /// Beyond the pole or the antimeridian.
    #[error("expected a {what} from -{most} to {most}, found `{found}`{hint}", hint = swapped_hint(.what))]
    Range {
        /// Latitude or longitude.
        what: &'static str,
        /// The largest absolute value, in degrees.
        most: u32,
        /// The text found, shortened.
        found: String,
    },
}

fn direction_hint(text: &str) -> &'static str {
    let degrees = text.contains(['°', '\'', '′']) || text.ends_with(['N', 'S', 'E', 'W', 'n', 's', 'e', 'w']);
    if degrees { " (write decimal degrees, with a minus for south and west)" } else { "" }
}

fn swapped_hint(what: &str) -> &'static str {
    if what == "latitude" { " (latitude comes first, then longitude)" } else { "" }
}

/// Micro-degrees from text, within ± `most` degrees.
fn parse_degrees(text: &str, what: &'static str, most: u32) -> Result<i32, CoordinateError> {
    let shorten = || text.chars().take(40).collect::<String>();
    let range = || CoordinateError::Range { what, most, found: shorten() };
    let micro = decimal::parse_signed(text, 6, u64::from(most) * 1_000_000).map_err(|error| match error {
        DecimalError::TooLarge { .. } => range(),
        other => CoordinateError::Decimal(other, what, shorten()),
    })?;
    i32::try_from(micro).map_err(|_| range())
}

macro_rules! coordinate {
    ($(#[$meta:meta])* $name:ident, $schema:literal, $what:literal, $most:literal, $doc:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i32);

        impl $name {
            /// The largest absolute value, in micro-degrees.
            pub const MOST: i32 = $most * 1_000_000;

            /// The equator, or the prime meridian.
            pub const ZERO: Self = Self(0);

            /// From micro-degrees; `None` out of range.
            #[must_use]
            pub const fn new(micro_degrees: i32) -> Option<Self> {
                if micro_degrees >= -Self::MOST && micro_degrees <= Self::MOST { Some(Self(micro_degrees)) } else { None }
            }

            /// Micro-degrees.
            #[must_use]
            pub const fn micro_degrees(self) -> i32 {
                self.0
            }

            /// Degrees, for look-ups and drawings; never stored.
            #[must_use]
            pub fn degrees(self) -> f64 {
                f64::from(self.0) / 1e6
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&decimal::format_signed(i64::from(self.0), 6))
            }
        }

        impl FromStr for $name {
            type Err = CoordinateError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_degrees(text, $what, $most).map(Self)
            }
        }

        text_form!(
            $name,
            $schema,
            "^-?(0|[1-9][0-9]{0,2})(\\.[0-9]{1,6})?$",
            $doc,
            i32,
            |v| v.0,
            Self::new
        );
    };
}

coordinate!(
    /// A latitude in whole micro-degrees, from -90 (south) to 90; text in degrees with up to 6 decimals.
    Latitude, "Latitude", "latitude", 90,
    "latitude in degrees (WGS 84), as a decimal string with up to 6 decimals, south negative"
);
coordinate!(
    /// A longitude in whole micro-degrees, from -180 (west) to 180; text in degrees with up to 6 decimals.
    Longitude, "Longitude", "longitude", 180,
    "longitude in degrees (WGS 84), as a decimal string with up to 6 decimals, west negative"
);

/// A point on Earth (WGS 84); text form for people: `<latitude>,<longitude>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Latitude.
    pub lat: Latitude,
    /// Longitude.
    pub lon: Longitude,
}

impl Point {
    /// From coordinates.
    #[must_use]
    pub const fn new(lat: Latitude, lon: Longitude) -> Self {
        Self { lat, lon }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.lat, self.lon)
    }
}

/// Why a text is no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// Not two parts with a comma.
    #[error("expected a point as `<latitude>,<longitude>` such as `53.3,-2.94`, found `{0}`")]
    Shape(String),
    /// A part is no coordinate.
    #[error(transparent)]
    Coordinate(#[from] CoordinateError),
}

impl FromStr for Point {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || PointError::Shape(text.chars().take(40).collect());
        let (lat, lon) = text.split_once(',').ok_or_else(shape)?;
        Ok(Self { lat: lat.parse()?, lon: lon.parse()? })
    }
}

/// The length of the shortest line between two points on the WGS 84 ellipsoid, to the nearest metre.
///
/// Method: C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87 (2013) 43–55; at most 20,003,931 m.
#[must_use]
pub fn distance_m(a: Point, b: Point) -> u32 {
    let metres: f64 = WGS84.inverse(a.lat.degrees(), a.lon.degrees(), b.lat.degrees(), b.lon.degrees());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and half the Earth's circumference; the cast saturates and maps NaN to 0"
    )]
    let rounded = metres.round() as u32;
    rounded
}

/// Speed that no shipment exceeds from door to door: 1,100 km/h.
///
/// Subsonic freighters cruise at 900 to 950 km/h (Mach 0.85 at 11 km is 903 km/h); a strong jet stream adds up to 200
/// km/h, and loading, taxiing and the road to the airport take more than that away again.
pub const FASTEST_METRES_PER_HOUR: u32 = 1_100_000;

/// The shortest plausible travelling time over a distance in metres, in whole seconds, rounded down.
#[must_use]
pub const fn fastest_travel_seconds(metres: u32) -> i64 {
    metres as i64 * 3_600 / FASTEST_METRES_PER_HOUR as i64
}

/// The radius of a site around its point, 1 to 100,000 m.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RadiusM(u32);

impl RadiusM {
    /// The largest radius in metres.
    pub const MOST: u32 = 100_000;

    /// From metres; `None` if 0 or above [`Self::MOST`].
    #[must_use]
    pub const fn new(metres: u32) -> Option<Self> {
        if metres >= 1 && metres <= Self::MOST { Some(Self(metres)) } else { None }
    }

    /// Metres.
    #[must_use]
    pub const fn metres(self) -> u32 {
        self.0
    }
}

/// The area of a site: a circle around a point, or a polygon.
///
/// JSON: `{"point":{"lat":"53.3","lon":"-2.94"},"radius_m":500}` or `{"polygon":[{"lat":…,"lon":…},…]}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// All points within a radius of a point.
    Circle {
        /// The middle.
        point: Point,
        /// How far from it, measured along the geodesic.
        radius: RadiusM,
    },
    /// All points within a polygon, its edge included.
    Polygon(Polygon),
}

impl Geometry {
    /// Whether a point lies within the area or on its edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        match self {
            Self::Circle { point: centre, radius } => distance_m(*centre, point) <= radius.metres(),
            Self::Polygon(polygon) => polygon.contains(point),
        }
    }

    /// The point of a circle, the centroid of a polygon (which can lie outside a concave one).
    #[must_use]
    pub fn centre(&self) -> Point {
        match self {
            Self::Circle { point, .. } => *point,
            Self::Polygon(polygon) => polygon.centroid(),
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Circle { point, radius } => write!(f, "{point} within {} m", radius.metres()),
            Self::Polygon(polygon) => {
                write!(f, "polygon of {} points around {}", polygon.points().len(), polygon.centroid())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(text: &str) -> Point {
        text.parse().unwrap()
    }

    #[test]
    fn coordinates_out_of_range_or_in_other_notations_are_refused() {
        let message = |text: &str| text.parse::<Point>().unwrap_err().to_string();
        assert_eq!(
            message("-115.53,35.48"),
            "expected a latitude from -90 to 90, found `-115.53` (latitude comes first, then longitude)"
        );
        assert_eq!(message("0,180.000001"), "expected a longitude from -180 to 180, found `180.000001`");
        assert!(message("35.48N,115.53W").contains("a minus for south and west"));
        assert!(message("1.1234567,0").contains("at most 6 decimals"));
        assert!(message("53.3 -2.94").contains("`<latitude>,<longitude>`"));
        for bad in ["-0,0", "+1,0", "1e1,0", "01,0", " 1,2", "1,2,3", "1, 2", "NaN,0", ""] {
            assert!(bad.parse::<Point>().is_err(), "{bad}");
        }
        assert_eq!(point("-90,-180").to_string(), "-90,-180");
    }

    #[test]
    fn points_are_strict_in_json_and_compact_in_binary() {
        let json = r#"{"lat":"53.3","lon":"-2.94"}"#;
        let place: Point = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&place).unwrap(), json);
        for bad in [r#"{"lat":"1","lon":"2","alt":"3"}"#, r#"{"lat":1,"lon":2}"#, r#"{"lat":"1"}"#] {
            assert!(serde_json::from_str::<Point>(bad).is_err(), "{bad}");
        }
        let bytes = bincode::serde::encode_to_vec(place, bincode::config::standard()).unwrap();
        assert!(bytes.len() <= 10);
    }

    #[test]
    fn geodesic_distances() {
        // The examples of GeographicLib's manual: New York to London, Wellington to Salamanca.
        assert_eq!(distance_m(point("40.6,-73.8"), point("51.6,-0.5")), 5_551_759);
        assert_eq!(distance_m(point("-41.32,174.81"), point("40.96,-5.5")), 19_959_679);
        assert_eq!(distance_m(point("0,0"), point("0,1")), 111_319);
        assert_eq!(distance_m(point("90,0"), point("-90,0")), 20_003_931);
        assert_eq!(distance_m(point("10,180"), point("10,-180")), 0);
    }

    #[test]
    fn an_hour_is_the_fastest_for_1100_km() {
        assert_eq!(fastest_travel_seconds(1_100_000), 3_600);
        assert_eq!(fastest_travel_seconds(0), 0);
        assert_eq!(fastest_travel_seconds(u32::MAX), 14_056_256);
    }

    #[test]
    fn a_circle_holds_what_is_within_its_radius_even_across_the_antimeridian() {
        let site = Geometry::Circle { point: point("-17,179.999"), radius: RadiusM::new(500).unwrap() };
        assert!(site.contains(point("-17,-179.998")));
        assert!(!site.contains(point("-17,-179.99")));
        assert_eq!(site.centre(), point("-17,179.999"));
        assert_eq!(site.to_string(), "-17,179.999 within 500 m");
        assert_eq!((RadiusM::new(0), RadiusM::new(100_001)), (None, None));
    }

    proptest! {
        #[test]
        fn text_and_micro_degrees_agree(lat in -90_000_000..=90_000_000, lon in -180_000_000..=180_000_000) {
            let place = Point::new(Latitude::new(lat).unwrap(), Longitude::new(lon).unwrap());
            prop_assert_eq!(place.to_string().parse(), Ok(place));
            prop_assert_eq!(distance_m(place, place), 0);
        }
    }
}
