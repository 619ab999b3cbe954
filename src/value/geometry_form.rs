//! The serialized forms of [`Geometry`]: a strict JSON object, and a compact binary enum.

use super::place::{Geometry, Point, RadiusM};
use super::polygon::{Polygon, PolygonError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why members of an object are no geometry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// Neither or a mixture of the two forms.
    #[error("expected either `point` with `radius_m`, or `polygon` alone")]
    Form,
    /// A radius out of range.
    #[error("expected a radius_m from 1 to 100000 metres, found {0}")]
    Radius(u32),
    /// The points are no polygon.
    #[error(transparent)]
    Polygon(#[from] PolygonError),
}

/// The JSON object. A member is absent or has a value; `null` is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    point: Option<Point>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    radius_m: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    polygon: Option<Vec<Point>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The binary form.
#[derive(Serialize, Deserialize)]
enum Binary {
    Circle(Point, u32),
    Polygon(Vec<Point>),
}

impl TryFrom<Object> for Geometry {
    type Error = GeometryError;

    fn try_from(object: Object) -> Result<Self, Self::Error> {
        match object {
            Object { point: Some(point), radius_m: Some(metres), polygon: None } => Binary::Circle(point, metres),
            Object { point: None, radius_m: None, polygon: Some(points) } => Binary::Polygon(points),
            _ => return Err(GeometryError::Form),
        }
        .try_into()
    }
}

impl TryFrom<Binary> for Geometry {
    type Error = GeometryError;

    fn try_from(binary: Binary) -> Result<Self, Self::Error> {
        Ok(match binary {
            Binary::Circle(point, metres) => {
                Self::Circle { point, radius: RadiusM::new(metres).ok_or(GeometryError::Radius(metres))? }
            }
            Binary::Polygon(points) => Self::Polygon(Polygon::new(points)?),
        })
    }
}

impl Serialize for Geometry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, serializer.is_human_readable()) {
            (Self::Circle { point, radius }, true) => {
                Object { point: Some(*point), radius_m: Some(radius.metres()), polygon: None }.serialize(serializer)
            }
            (Self::Polygon(polygon), true) => {
                Object { point: None, radius_m: None, polygon: Some(polygon.points().to_vec()) }.serialize(serializer)
            }
            (Self::Circle { point, radius }, false) => Binary::Circle(*point, radius.metres()).serialize(serializer),
            (Self::Polygon(polygon), false) => Binary::Polygon(polygon.points().to_vec()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Geometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Object::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
        } else {
            Binary::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
        }
    }
}

impl schemars::JsonSchema for Geometry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Geometry".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let point = generator.subschema_for::<Point>();
        schemars::json_schema!({
            "description": "area of a site: a point with a radius in metres, or a polygon that is closed implicitly",
            "oneOf": [
                {
                    "type": "object",
                    "properties": {
                        "point": point,
                        "radius_m": { "type": "integer", "minimum": 1, "maximum": RadiusM::MOST }
                    },
                    "required": ["point", "radius_m"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": {
                        "polygon": {
                            "type": "array", "items": point, "minItems": 3, "maxItems": Polygon::MOST_POINTS
                        }
                    },
                    "required": ["polygon"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCLE: &str = r#"{"point":{"lat":"53.3","lon":"-2.94"},"radius_m":500}"#;
    const TRIANGLE: &str = r#"{"polygon":[{"lat":"0","lon":"0"},{"lat":"0","lon":"1"},{"lat":"1","lon":"0"}]}"#;

    #[test]
    fn both_forms_come_back_from_json_and_binary() {
        let config = bincode::config::standard();
        for json in [CIRCLE, TRIANGLE] {
            let geometry: Geometry = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&geometry).unwrap(), json);
            let bytes = bincode::serde::encode_to_vec(&geometry, config).unwrap();
            assert_eq!(bincode::serde::decode_from_slice::<Geometry, _>(&bytes, config).unwrap().0, geometry);
        }
    }

    #[test]
    fn mixtures_nulls_and_unknown_members_are_refused() {
        let point = r#""point":{"lat":"0","lon":"0"}"#;
        for (json, expected) in [
            (format!("{{{point}}}"), "expected either"),
            ("{}".to_owned(), "expected either"),
            (r#"{"radius_m":5}"#.to_owned(), "expected either"),
            (format!(r#"{{{point},"radius_m":5,"polygon":[]}}"#), "expected either"),
            (format!(r#"{{{point},"radius_m":5,"polygon":null}}"#), "null"),
            (format!(r#"{{{point},"radius_m":0}}"#), "from 1 to 100000 metres, found 0"),
            (format!(r#"{{{point},"radius_m":100001}}"#), "found 100001"),
            (format!(r#"{{{point},"radius_m":1.5}}"#), "1.5"),
            (format!(r#"{{{point},"radius_m":5,"height":1}}"#), "unknown field `height`"),
            (r#"{"polygon":[]}"#.to_owned(), "3 to 128 points, found 0"),
        ] {
            let error = serde_json::from_str::<Geometry>(&json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn the_schema_accepts_what_the_type_accepts() {
        let schema = schemars::schema_for!(Geometry);
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        for good in [CIRCLE, TRIANGLE] {
            assert!(validator.is_valid(&serde_json::from_str(good).unwrap()), "{good}");
        }
        for bad in ["{}", r#"{"polygon":[]}"#, r#"{"point":{"lat":"0","lon":"0"},"radius_m":0}"#] {
            assert!(!validator.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
        }
    }
}
