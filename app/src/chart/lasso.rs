//! Which points lie inside a line that somebody drew around them.

/// Even-odd: a point inside a loop of the line is in, one inside two loops is out. The line is closed by itself.
pub fn inside(line: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let mut inside = false;
    let mut last = match line.last() {
        Some(last) if line.len() > 2 => *last,
        _ => return false,
    };
    for &next in line {
        let crosses = (next.1 > y) != (last.1 > y);
        if crosses && x < (last.0 - next.0) * (y - next.1) / (last.1 - next.1) + next.0 {
            inside = !inside;
        }
        last = next;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn a_line_holds_what_it_goes_around() {
        let hook = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (8.0, 10.0), (8.0, 2.0), (0.0, 2.0)];
        assert!(inside(&hook, (1.0, 1.0)) && inside(&hook, (9.0, 9.0)));
        assert!(!inside(&hook, (1.0, 9.0)) && !inside(&hook, (11.0, 1.0)) && !inside(&hook, (-1.0, 1.0)));
        assert!(!inside(&hook[..2], (5.0, 0.0)) && !inside(&[], (0.0, 0.0)));
    }
}
