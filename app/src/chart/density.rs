//! A raster of many lines at once: how many cross each pixel, and what colour they have on average. Every line adds one at the
//! top of what it covers in a column of pixels and takes one away below it, and one pass down the column sums that up, so a
//! steep line costs no more than a level one.

/// Colours from the lowest to the highest share.
pub type Ramp = [[u8; 3]; 256];

pub struct Density {
    width: usize,
    height: usize,
    /// Column by column, one more than the height each: lines in the upper half of the bits, their colours below, so that
    /// one addition counts both. With up to 2²³ lines of colours up to 255 neither overflows.
    steps: Vec<i64>,
}

impl Density {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, steps: vec![0; width * (height + 1)] }
    }

    /// Lines from one edge of a strip of columns to the other, heights in pixels from the top. Those with a NaN are left out.
    pub fn strip(&mut self, (from, to): (usize, usize), starts: &[f32], ends: &[f32], colors: &[u8]) {
        let to = to.min(self.width);
        if from >= to || self.height == 0 {
            return;
        }
        let bottom = self.height as f32 - 1.0;
        let pixel = |y: f32| y.clamp(0.0, bottom) as u32;
        let columns = (to - from) as f32;
        let mut lines: Vec<Line> = starts
            .iter()
            .zip(ends)
            .zip(colors)
            .filter(|((start, end), _)| !start.is_nan() && !end.is_nan())
            .map(|((start, end), color)| Line {
                ends: (pixel(*start), pixel(*end)),
                start: *start,
                slope: (end - start) / columns,
                weight: (1 << 32) | i64::from(*color),
            })
            .collect();
        merge(&mut lines);
        // Where a line leaves a column it enters the next.
        let mut entered: Vec<u32> = lines.iter().map(|line| line.ends.0).collect();
        for place in from..to {
            let at = (place - from + 1) as f32;
            let column = &mut self.steps[place * (self.height + 1)..(place + 1) * (self.height + 1)];
            for (line, before) in lines.iter().zip(&mut entered) {
                let one = std::mem::replace(before, pixel(line.start + line.slope * at));
                let (top, foot) = if one < *before { (one, *before) } else { (*before, one) };
                column[top as usize] += line.weight;
                column[foot as usize + 1] -= line.weight;
            }
        }
    }

    /// Rows of red, green, blue and opacity. Where more lines cross it is denser, by the logarithm of how many.
    pub fn pixels(&self, ramp: &Ramp, faintest: f32) -> Vec<u8> {
        let mut sums = vec![0_i64; self.width * self.height];
        let mut most = 1;
        for x in 0..self.width {
            let mut sum = 0;
            for y in 0..self.height {
                sum += self.steps[x * (self.height + 1) + y];
                sums[y * self.width + x] = sum;
                most = most.max(sum >> 32);
            }
        }
        let scale = (most as f32).ln().max(1.0);
        let opacity: Vec<u8> = (0..=most.min(4_096))
            .map(|count| {
                let share = faintest + (1.0 - faintest) * (count.max(1) as f32).ln() / scale;
                (share.min(1.0) * 255.0) as u8
            })
            .collect();
        let mut pixels = vec![0; self.width * self.height * 4];
        for (pixel, sum) in pixels.chunks_exact_mut(4).zip(sums) {
            let count = sum >> 32;
            if count > 0 {
                let color = (sum & 0xffff_ffff) / count;
                pixel[..3].copy_from_slice(&ramp[color.clamp(0, 255) as usize]);
                pixel[3] = opacity[(count as usize).min(opacity.len() - 1)];
            }
        }
        pixels
    }
}

/// A line of a strip, or several that begin and end in the same pixels.
struct Line {
    /// The pixels in which it begins and ends.
    ends: (u32, u32),
    start: f32,
    slope: f32,
    weight: i64,
}

/// From so many lines on it is worth looking for those that are one: between axes of few values thousands are some dozens.
const MERGE_FROM: usize = 512;

/// Lines that begin and end in the same pixels become one that weighs as much, unless hardly any do.
fn merge(lines: &mut Vec<Line>) {
    if lines.len() < MERGE_FROM {
        return;
    }
    lines.sort_unstable_by_key(|line| line.ends);
    lines.dedup_by(|next, kept| {
        let same = next.ends == kept.ends;
        if same {
            kept.weight += next.weight;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Ramp {
        std::array::from_fn(|place| [place as u8, 0, 255 - place as u8])
    }

    fn covered(pixels: &[u8], width: usize) -> Vec<(usize, usize)> {
        let drawn = |(place, pixel): (usize, &[u8])| (pixel[3] > 0).then(|| (place % width, place / width));
        pixels.chunks_exact(4).enumerate().filter_map(drawn).collect()
    }

    #[test]
    fn a_level_line_covers_its_row_and_a_steep_one_has_no_holes() {
        let mut raster = Density::new(4, 10);
        raster.strip((0, 4), &[2.0], &[2.0], &[0]);
        assert_eq!(covered(&raster.pixels(&ramp(), 0.2), 4), [(0, 2), (1, 2), (2, 2), (3, 2)]);
        let mut raster = Density::new(2, 10);
        raster.strip((0, 2), &[9.0], &[0.0], &[0]);
        let rows: Vec<usize> = covered(&raster.pixels(&ramp(), 0.2), 2).iter().map(|(_, y)| *y).collect();
        assert_eq!(rows, [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn where_lines_cross_it_is_denser_and_their_colours_mix() {
        let mut raster = Density::new(1, 3);
        raster.strip((0, 1), &[0.0, 0.0, 2.0], &[0.0, 0.0, 2.0], &[100, 200, 10]);
        let pixels = raster.pixels(&ramp(), 0.2);
        assert_eq!((pixels[0], pixels[8]), (150, 10));
        assert!(pixels[3] > pixels[11] && pixels[11] > 0);
    }

    #[test]
    fn thousands_of_lines_between_few_places_weigh_as_much_as_one_by_one() {
        let many = 3 * MERGE_FROM;
        let place = |line: usize, kinds: usize| (line % kinds * 3) as f32;
        let starts: Vec<f32> = (0..many).map(|line| place(line, 2)).collect();
        let ends: Vec<f32> = (0..many).map(|line| place(line, 3)).collect();
        let colors: Vec<u8> = (0..many).map(|line| (line % 7 * 30) as u8).collect();
        let (mut together, mut apart) = (Density::new(9, 8), Density::new(9, 8));
        together.strip((0, 9), &starts, &ends, &colors);
        for line in 0..many {
            let one = line..=line;
            apart.strip((0, 9), &starts[one.clone()], &ends[one.clone()], &colors[one]);
        }
        assert_eq!(together.steps, apart.steps);
    }

    #[test]
    fn lines_outside_and_lines_without_a_value_break_nothing() {
        let mut raster = Density::new(3, 3);
        raster.strip((0, 9), &[-50.0, f32::NAN, 1.0], &[99.0, 1.0, f32::INFINITY], &[0, 0, 0]);
        raster.strip((2, 1), &[0.0], &[0.0], &[0]);
        assert!(!covered(&raster.pixels(&ramp(), 0.2), 3).is_empty());
        assert!(Density::new(0, 0).pixels(&ramp(), 0.2).is_empty());
    }
}
