//! A polygon on the map: the fence of a site, decided exactly in integers.
//!
//! Vertices are in micro-degrees; edges are straight lines in the plane of latitude and longitude; the last vertex joins
//! the first. Differences are below 3.6 × 10⁸, so cross products are below 2⁵⁸ and fit `i64`.
//!
//! Not in scope in version 1: polygons over the antimeridian or around a pole, holes, several parts.

use super::place::{Latitude, Longitude, Point};

/// A simple polygon of 3 to 128 points.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Polygon(Vec<Point>);

/// Why a list of points is no polygon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolygonError {
    /// Too few or too many points.
    #[error("expected a polygon of 3 to 128 points, found {0}")]
    Count(usize),
    /// The first point is repeated at the end, or a point follows itself.
    #[error(
        "expected each point of a polygon to differ from the one before (the last joins the first), found {point} twice, at position {position}"
    )]
    Repeated {
        /// The point.
        point: Point,
        /// The position of the second occurrence, counted from 1; 1 where it repeats the last.
        position: usize,
    },
    /// Two edges meet other than at a shared vertex.
    #[error(
        "expected a polygon that does not touch or cross itself, \
         but the edge from point {first} meets the edge from point {second}"
    )]
    SelfIntersecting {
        /// The position of the first edge's start, counted from 1.
        first: usize,
        /// The position of the second edge's start, counted from 1.
        second: usize,
    },
    /// An edge spans more than half the globe.
    #[error(
        "expected a polygon that does not cross the antimeridian (longitude 180), but the edge from point {0} \
         spans more than 180 degrees of longitude (give a point and a radius instead)"
    )]
    Antimeridian(usize),
}

/// Longitude and latitude in micro-degrees, as x and y.
fn xy(point: Point) -> (i64, i64) {
    (i64::from(point.lon.micro_degrees()), i64::from(point.lat.micro_degrees()))
}

/// Twice the signed area of the triangle `a b c`; positive if counter-clockwise, 0 if on one line.
fn cross(a: Point, b: Point, c: Point) -> i64 {
    let ((ax, ay), (bx, by), (cx, cy)) = (xy(a), xy(b), xy(c));
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

/// Whether `p`, known to be on the line through `a` and `b`, lies between them, ends included.
fn between(a: Point, b: Point, p: Point) -> bool {
    let ((ax, ay), (bx, by), (px, py)) = (xy(a), xy(b), xy(p));
    (ax.min(bx)..=ax.max(bx)).contains(&px) && (ay.min(by)..=ay.max(by)).contains(&py)
}

type Edge = (Point, Point);

/// Whether two edges share at least one point.
fn meet((a, b): Edge, (c, d): Edge) -> bool {
    let (d1, d2) = (cross(a, b, c).signum(), cross(a, b, d).signum());
    let (d3, d4) = (cross(c, d, a).signum(), cross(c, d, b).signum());
    let on_edge = |side: i64, edge: Edge, p: Point| side == 0 && between(edge.0, edge.1, p);
    (d1 * d2 < 0 && d3 * d4 < 0)
        || on_edge(d1, (a, b), c)
        || on_edge(d2, (a, b), d)
        || on_edge(d3, (c, d), a)
        || on_edge(d4, (c, d), b)
}

/// Whether two edges that follow each other, `a b` and `b c`, fold back over one another.
fn folds_back((a, b): Edge, (_, c): Edge) -> bool {
    cross(a, b, c) == 0 && (between(a, b, c) || between(b, c, a))
}

impl Polygon {
    /// The most points a polygon has.
    pub const MOST_POINTS: usize = 128;

    /// From its vertices in order, either way round, without repeating the first at the end.
    pub fn new(points: Vec<Point>) -> Result<Self, PolygonError> {
        if !(3..=Self::MOST_POINTS).contains(&points.len()) {
            return Err(PolygonError::Count(points.len()));
        }
        let polygon = Self(points);
        polygon.check_edges()?;
        polygon.check_simple()?;
        Ok(polygon)
    }

    /// The vertices in order; the last joins the first.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    fn edges(&self) -> impl Iterator<Item = Edge> + Clone {
        self.0.iter().copied().zip(self.0.iter().copied().cycle().skip(1))
    }

    fn check_edges(&self) -> Result<(), PolygonError> {
        for (index, (a, b)) in self.edges().enumerate() {
            if a == b {
                return Err(PolygonError::Repeated { point: b, position: (index + 1) % self.0.len() + 1 });
            }
            if a.lon.micro_degrees().abs_diff(b.lon.micro_degrees()) > 180_000_000 {
                return Err(PolygonError::Antimeridian(index + 1));
            }
        }
        Ok(())
    }

    /// At most 128 × 127 / 2 pairs.
    fn check_simple(&self) -> Result<(), PolygonError> {
        let last = self.0.len() - 1;
        for (i, first) in self.edges().enumerate() {
            for (j, second) in self.edges().enumerate().skip(i + 1) {
                let bad = if j == i + 1 {
                    folds_back(first, second)
                } else if i == 0 && j == last {
                    folds_back(second, first)
                } else {
                    meet(first, second)
                };
                if bad {
                    return Err(PolygonError::SelfIntersecting { first: i + 1, second: j + 1 });
                }
            }
        }
        Ok(())
    }

    /// Whether a point lies within the polygon or on its edge; exact.
    ///
    /// Counts the edges that a ray to the east crosses; an edge counts at its lower end and not at its upper one.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        let mut inside = false;
        for (a, b) in self.edges() {
            let side = cross(a, b, point);
            if side == 0 && between(a, b, point) {
                return true;
            }
            let (a_above, b_above) = (a.lat > point.lat, b.lat > point.lat);
            if a_above != b_above && (side > 0) == b_above {
                inside = !inside;
            }
        }
        inside
    }

    /// The centre of area, rounded to a micro-degree; it can lie outside a concave polygon.
    #[must_use]
    pub fn centroid(&self) -> Point {
        let Some(&origin) = self.0.first() else { return Point::new(Latitude::ZERO, Longitude::ZERO) };
        let (ox, oy) = xy(origin);
        let (mut area, mut sum_x, mut sum_y) = (0i128, 0i128, 0i128);
        for (a, b) in self.edges() {
            let weight = i128::from(cross(origin, a, b));
            let ((ax, ay), (bx, by)) = (xy(a), xy(b));
            area += weight;
            sum_x += i128::from(ax + bx - 2 * ox) * weight;
            sum_y += i128::from(ay + by - 2 * oy) * weight;
        }
        let along = |start: i64, sum: i128| i32::try_from(i128::from(start) + rounded(sum, 3 * area)).ok();
        let lat = along(oy, sum_y).and_then(Latitude::new).unwrap_or(origin.lat);
        let lon = along(ox, sum_x).and_then(Longitude::new).unwrap_or(origin.lon);
        Point::new(lat, lon)
    }
}

/// `num / den` rounded half up; 0 where `den` is 0.
fn rounded(num: i128, den: i128) -> i128 {
    if den == 0 { 0 } else { (2 * num * den.signum() + den.abs()).div_euclid(2 * den.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(texts: &[&str]) -> Vec<Point> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    fn polygon(texts: &[&str]) -> Result<Polygon, PolygonError> {
        Polygon::new(points(texts))
    }

    #[test]
    fn inside_outside_and_edge_of_a_concave_polygon() {
        // A square with a notch from the north down to its middle.
        let fence = polygon(&["0,0", "0,4", "4,4", "1,2", "4,0"]).unwrap();
        for inside in ["0.5,2", "2,0.5", "2,3.5", "1,2", "0,0", "0,2", "4,4", "2.5,1", "2,4"] {
            assert!(fence.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.000001,2", "2,2", "-0.000001,2", "4,2", "0,4.000001", "4,-1", "1,-1", "5,5"] {
            assert!(!fence.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn what_touches_crosses_or_folds_back_is_refused() {
        let crossing = polygon(&["0,0", "1,1", "0,1", "1,0"]).unwrap_err();
        assert_eq!(crossing, PolygonError::SelfIntersecting { first: 1, second: 3 });
        assert!(crossing.to_string().contains("edge from point 1 meets the edge from point 3"));
        for bad in [
            &["0,0", "0,2", "0,1"][..],
            &["0,0", "0,1", "0,2"],
            &["0,0", "0,4", "2,4", "0,2", "2,0"],
            &["0,0", "0,2", "0,1", "1,1"],
            &["0,1", "0,3", "1,3", "0,2"],
            &["0,0", "2,0", "2,2", "1,1", "2,1", "1,1", "0,2"],
        ] {
            assert!(matches!(polygon(bad), Err(PolygonError::SelfIntersecting { .. })), "{bad:?}");
        }
        assert!(polygon(&["0,0", "0,1", "0,2", "1,1"]).is_ok(), "a vertex within a straight side is fine");
    }

    #[test]
    fn repeated_points_bad_counts_and_the_antimeridian_are_refused() {
        let closed = polygon(&["0,0", "0,1", "1,1", "0,0"]).unwrap_err();
        assert!(matches!(closed, PolygonError::Repeated { position: 1, .. }), "{closed}");
        assert!(matches!(polygon(&["0,0", "0,0", "1,1"]), Err(PolygonError::Repeated { position: 2, .. })));
        assert_eq!(polygon(&["0,0", "0,1"]), Err(PolygonError::Count(2)));
        assert_eq!(Polygon::new(vec!["0,0".parse().unwrap(); 129]), Err(PolygonError::Count(129)));
        let across = polygon(&["-17,179.9", "-17,-179.9", "-16,180"]).unwrap_err();
        assert_eq!(across, PolygonError::Antimeridian(1));
        assert!(across.to_string().contains("give a point and a radius"));
    }

    #[test]
    fn centroid_of_a_triangle_either_way_round() {
        assert_eq!(polygon(&["0,0", "0,3", "3,0"]).unwrap().centroid().to_string(), "1,1");
        assert_eq!(polygon(&["-3,0", "0,-3", "0,0"]).unwrap().centroid().to_string(), "-1,-1");
        let world = polygon(&["-90,-90", "-90,90", "90,90", "90,-90"]).unwrap();
        assert_eq!(world.centroid().to_string(), "0,0");
    }

    proptest! {
        #[test]
        fn a_triangle_holds_its_vertices_and_centroid(
            x in prop::array::uniform3(-90_000_000..=90_000_000),
            y in prop::array::uniform3(-90_000_000..=90_000_000),
        ) {
            let corner = |(x, y)| Point::new(Latitude::new(y).unwrap(), Longitude::new(x).unwrap());
            let Ok(triangle) = Polygon::new(x.into_iter().zip(y).map(corner).collect()) else { return Ok(()) };
            for corner in triangle.points() {
                prop_assert!(triangle.contains(*corner));
            }
            let [a, b, c] = triangle.points() else { panic!("three points") };
            let large = cross(*a, *b, *c).abs() > 10_000_000_000;
            prop_assert!(!large || triangle.contains(triangle.centroid()));
        }

        #[test]
        fn no_list_of_points_panics(
            list in prop::collection::vec((-90_000_000..=90_000_000, -180_000_000..=180_000_000), 0..20),
        ) {
            let point = |(y, x)| Point::new(Latitude::new(y).unwrap(), Longitude::new(x).unwrap());
            if let Ok(polygon) = Polygon::new(list.into_iter().map(point).collect()) {
                let centre = polygon.centroid();
                prop_assert!(!polygon.contains(centre) || centre.lat.micro_degrees().abs() <= Latitude::MOST);
            }
        }
    }
}
