//! The nearest right name, where a script uses one that does not exist.

/// The candidate that was most likely meant, if one is near enough.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters wrong is still a slip; of a short name, one.
    let limit = (name.chars().count() / 3).max(1);
    let distances = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    distances.filter(|&(distance, _)| distance <= limit).min().map(|(_, candidate)| candidate)
}

/// How many slips lead from one name to the other: a letter added, left out, changed, or two
/// swapped (optimal string alignment). Case counts for nothing but a tie.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, &here) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &there) in right.iter().enumerate() {
            let changed = previous[column] + usize::from(here != there);
            let mut best = changed.min(previous[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && here == right[column - 1] && left[row - 1] == there;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_found_and_another_name_is_not() {
        let names = ["run", "try_run", "stream", "timeout", "local"];
        for (wrong, right) in [("rnu", "run"), ("timout", "timeout"), ("Local", "local"), ("stram", "stream")]
        {
            assert_eq!(nearest(wrong, names), Some(right), "{wrong}");
        }
        assert_eq!(nearest("deploy", names), None);
        assert_eq!(nearest("x", names), None);
    }

    #[test]
    fn the_distance_counts_slips() {
        for (left, right, slips) in
            [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abcd", "abxd", 1)]
        {
            assert_eq!(distance(left, right), slips);
        }
    }
}
