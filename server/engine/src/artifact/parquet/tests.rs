//! Files of pyarrow, whole, cut and spoilt. `first.parquet` has a column of each type, `second.parquet` the newer encodings in
//! pages of the second form.

use super::*;

const FIRST: &[u8] = include_bytes!("first.parquet");
const SECOND: &[u8] = include_bytes!("second.parquet");

fn parsed(file: &[u8]) -> Result<Parquet, String> {
    let fetch = |range: Range<u64>| {
        let (start, end) = (range.start as usize, range.end as usize);
        assert!(start <= end && end <= file.len(), "only what lies within the file is asked for");
        Ok(Bytes::copy_from_slice(&file[start..end]))
    };
    read(&fetch, file.len() as u64).map_err(|stop| match stop {
        Stop::Told(words) => words,
        Stop::Failed(error) => panic!("memory does not fail: {error}"),
    })
}

fn column(parquet: &Parquet, name: &str) -> String {
    let column = parquet.columns.iter().find(|column| column.name == name).expect("the column is there");
    let cells: Vec<&str> = column.cells.iter().map(|cell| cell.as_deref().unwrap_or("null")).collect();
    let shown = column.problem.clone().unwrap_or_else(|| cells.join(" | "));
    format!("{}: {shown}", column.kind)
}

#[test]
fn every_type_is_shown_as_what_it_means() {
    let parquet = parsed(FIRST).expect("a Parquet file");
    assert_eq!((parquet.row_count, parquet.row_group_count, parquet.column_count), (3, 1, 24));
    assert!(parquet.created_by.starts_with("parquet-cpp-arrow"), "{}", parquet.created_by);
    for (name, shown) in [
        ("id", "int64: 1 | -2 | 4611686018427387904"),
        ("small", "int8: 1 | null | -128"),
        ("count", "uint32: 0 | 4294967295 | null"),
        ("big", "uint64: 18446744073709551615 | 0 | 1"),
        ("loss", "double: 0.1 | NaN | null"),
        ("f", "float: 0.1 | -inf | 2.5"),
        ("h", "float16: 0.5 | -2 | 65504"),
        ("ok", "bool: true | false | null"),
        ("name", "string: ü, \"x\" | null | "),
        ("label", "string: it is compressed with LZ4, which this server does not read"),
        ("day", "date: 2024-02-29 | 1969-12-31 | null"),
        ("at", "timestamp[us]: 2024-02-29 13:05:01.250000 | 2024-02-29 13:05:02.250000 | null"),
        ("at_utc", "timestamp[ms, UTC]: 2024-02-29 13:05:01.250Z | 2024-02-29 13:05:02.250Z | null"),
        ("clock", "time[us]: 01:02:03 | null | 23:59:59.000001"),
        ("price", "decimal(30, 2): 1.50 | -0.05 | null"),
        ("raw", "binary: 3 bytes: ff0001 | plain | null"),
        ("point.x", "double: 1.5 | null | 2"),
        ("point.y", "string: null | null | b"),
        ("tags", "list<string>: [a, null, b] | [] | null"),
        ("grid", "list<list<int32>>: [[1, 2], [3]] | [[], null] | [[4]]"),
        ("boxes.w", "list<int16>: [1, 3] | [] | null"),
        ("boxes.h", "list<int16>: [2, 4] | [] | null"),
        ("map.key", "list<string>: [k, l] | [] | null"),
        ("map.value", "list<int64>: [1, 2] | [] | null"),
    ] {
        assert_eq!(column(&parquet, name), shown, "{name}");
    }
}

#[test]
fn the_first_rows_of_a_longer_file_are_shown_whatever_its_encodings() {
    let parquet = parsed(SECOND).expect("a Parquet file");
    assert_eq!((parquet.row_count, parquet.row_group_count), (429, 2));
    let at = |name: &str, row: usize| {
        let column = parquet.columns.iter().find(|column| column.name == name).expect("the column is there");
        assert_eq!((column.cells.len(), &column.problem), (limits::PARQUET_ROWS_MAX, &None), "{name}");
        column.cells[row].clone()
    };
    for row in 0..limits::PARQUET_ROWS_MAX as i64 {
        let text = |text: String| Some(text);
        let (i, j) = (1_000 + row % 143 * 7, row * row % 977 - 300);
        let row_at = row as usize;
        assert_eq!(at("i", row_at), text(i.to_string()));
        assert_eq!(at("j", row_at), text(j.to_string()));
        assert_eq!(at("s", row_at), text(format!("step-{row:04}")));
        assert_eq!(at("t", row_at), (row % 5 != 0).then(|| format!("run/{}/{row}", row / 10)));
        assert_eq!(at("x", row_at), text((row as f64 / 8.0).to_string()));
        assert_eq!(at("b", row_at), text((row % 3 == 0).to_string()));
    }
}

#[test]
fn what_is_no_parquet_file_is_told_so() {
    let end = "It does not end as a Parquet file does.";
    assert_eq!(parsed(b"").expect_err("empty"), end);
    assert_eq!(parsed(b"id,name\n1,a\n").expect_err("CSV"), end);
    assert_eq!(parsed(b"PAR1\x10\0\0\0PARE").expect_err("encrypted"), "It is encrypted.");
    // A footer said to be larger than the file, and one that is too large.
    assert_eq!(parsed(b"PAR1\xff\xff\xff\x7fPAR1").expect_err("longer than the file"), end);
    let large = [&vec![0; 17 << 20][..], &(17_u32 << 20).to_le_bytes(), MARK].concat();
    assert!(parsed(&large).expect_err("a large footer").contains("at most 16777216 are read"));
}

#[test]
fn a_page_that_claims_much_is_refused_by_its_head() {
    // The head of the first page: kind 0 or 2, then unpacked and packed bytes.
    let parquet = parsed(SECOND).expect("a Parquet file");
    assert_eq!(parquet.columns[0].problem, None);
    // 15 06 15 xx 15 xx: a page of data of the second form. Its sizes become 2 GB, in five bytes each.
    let head = SECOND[4..].windows(3).position(|bytes| bytes == [0x15, 0x06, 0x15]).expect("a head") + 4;
    let mut spoilt = SECOND.to_vec();
    spoilt.splice(head + 3..head + 8, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    let problem = parsed(&spoilt).expect("the footer is whole").columns[0].problem.clone();
    assert_eq!(
        problem.as_deref(),
        Some("one of its pages has 2048 MiB; at most 16 MiB are unpacked for a preview")
    );
}

/// Numbers that look random and are the same each time.
fn mixed(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn no_spoilt_file_panics_or_shows_more_than_a_screen() {
    let mut state = 7;
    for file in [FIRST, SECOND] {
        for end in (0..file.len()).step_by(17) {
            // The footer is kept, so that what is before it counts.
            let cut = [&file[..end], &file[file.len() - file.len().min(3_000)..]].concat();
            let _ = (parsed(&file[..end]), parsed(&cut));
        }
        for round in 0..1_000 {
            let mut spoilt = file.to_vec();
            for _ in 0..=round % 4 {
                let at = mixed(&mut state) % spoilt.len();
                spoilt[at] = mixed(&mut state) as u8;
            }
            let Ok(parquet) = parsed(&spoilt) else { continue };
            assert!(parquet.columns.len() <= limits::PARQUET_COLUMNS_MAX);
            for column in &parquet.columns {
                assert!(column.cells.len() <= limits::PARQUET_ROWS_MAX);
                // A list is cut when it is longer than a cell; its last value may be as long as one.
                let long = column.cells.iter().flatten().map(|cell| cell.chars().count()).max();
                assert!(long.unwrap_or_default() <= limits::TABLE_CELL_CHARACTERS_MAX + 100);
            }
        }
    }
}
