//! The line search of L-BFGS: a step length that fulfils the strong Wolfe conditions.

use crate::Tensor;

/// The function along the direction at the step length `t`.
#[derive(Clone)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) f: f64,
    /// The derivative with respect to `t`.
    pub(super) slope: f64,
    /// The gradient.
    pub(super) g: Tensor,
}

/// What the loss must fall by, as a share of what the slope at the start promises.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// What the slope must shrink to, as a share of that at the start.
const CURVATURE: f64 = 0.9;
/// The length of a bracket, in the largest element, that is not searched any further.
const SHORTEST: f64 = 1e-9;

/// Searches from `start`, first at the step length `t`, with at most `budget` evaluations besides the first; `largest`
/// is the largest element of the direction. Returns the point found and the number of evaluations.
pub(super) fn strong_wolfe(
    evaluate: &mut dyn FnMut(f64) -> Point,
    start: Point,
    t: f64,
    largest: f64,
    budget: usize,
) -> (Point, usize) {
    let mut search = Search { evaluate, start, evaluations: 0, iterations: 0, budget };
    let bracket = search.bracket(t);
    let found = match bracket {
        Bracket::Found(point) => point,
        Bracket::Between(low, high) => search.zoom(low, high, largest),
    };
    (found, search.evaluations)
}

struct Search<'a> {
    evaluate: &'a mut dyn FnMut(f64) -> Point,
    start: Point,
    evaluations: usize,
    iterations: usize,
    budget: usize,
}

enum Bracket {
    /// A point that fulfils the conditions.
    Found(Point),
    /// Two points with one between them.
    Between(Point, Point),
}

impl Search<'_> {
    fn at(&mut self, t: f64) -> Point {
        self.evaluations += 1;
        (self.evaluate)(t)
    }

    fn falls_too_little(&self, point: &Point) -> bool {
        point.f > self.start.f + SUFFICIENT_DECREASE * point.t * self.start.slope
    }

    fn is_flat_enough(&self, point: &Point) -> bool {
        point.slope.abs() <= -CURVATURE * self.start.slope
    }

    /// Goes further and further until there is a point with the wanted properties, or one must lie behind.
    fn bracket(&mut self, t: f64) -> Bracket {
        let mut before = self.start.clone();
        let mut point = self.at(t);
        while self.iterations < self.budget {
            if self.falls_too_little(&point) || (self.iterations > 1 && point.f >= before.f) {
                return Bracket::Between(before, point);
            }
            if self.is_flat_enough(&point) {
                return Bracket::Found(point);
            }
            if point.slope >= 0.0 {
                return Bracket::Between(before, point);
            }
            let bounds = (point.t + 0.01 * (point.t - before.t), point.t * 10.0);
            let next = interpolate(&before, &point, bounds);
            before = point;
            point = self.at(next);
            self.iterations += 1;
        }
        Bracket::Between(self.start.clone(), point)
    }

    /// Narrows the bracket between `first` and `second`; returns its lower end.
    fn zoom(&mut self, first: Point, second: Point, largest: f64) -> Point {
        let mut ends = [first, second];
        // Which end is the lower: the first, if both are equal.
        let lower = |ends: &[Point; 2]| usize::from(ends[0].f > ends[1].f);
        let mut low = lower(&ends);
        let mut stuck = false;
        while self.iterations < self.budget && (ends[1].t - ends[0].t).abs() * largest >= SHORTEST {
            let t = trial(&ends, &mut stuck);
            let point = self.at(t);
            self.iterations += 1;
            if self.falls_too_little(&point) || point.f >= ends[low].f {
                ends[1 - low] = point;
                low = lower(&ends);
                continue;
            }
            if self.is_flat_enough(&point) {
                return point;
            }
            if point.slope * (ends[1 - low].t - ends[low].t) >= 0.0 {
                ends[1 - low] = ends[low].clone();
            }
            ends[low] = point;
        }
        let [first, second] = ends;
        if low == 0 { first } else { second }
    }
}

/// The next step length to try. Near an end of the bracket little is won: once that may be (`stuck`), but then the trial
/// moves inside.
fn trial(ends: &[Point; 2], stuck: &mut bool) -> f64 {
    let (left, right) = (ends[0].t.min(ends[1].t), ends[0].t.max(ends[1].t));
    let t = interpolate(&ends[0], &ends[1], (left, right));
    let margin = 0.1 * (right - left);
    let near = (right - t).min(t - left) < margin;
    let moves = near && (*stuck || t >= right || t <= left);
    *stuck = near && !moves;
    match moves {
        false => t,
        true if (t - right).abs() < (t - left).abs() => right - margin,
        true => left + margin,
    }
}

/// The minimum of the cubic through two points with their slopes, cut to `bounds`; their middle, if there is none.
fn interpolate(a: &Point, b: &Point, (least, most): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.f - b.f) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    if square >= 0.0 {
        let d2 = square.sqrt();
        let position = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
        return position.max(least).min(most);
    }
    (least + most) / 2.0
}
