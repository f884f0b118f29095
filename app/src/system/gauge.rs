//! What keys of the machine's metrics mean: which device they are of, what they measure and in what unit. Knows those of our
//! client and those of MLflow's.

use crate::metric::{Bundle, Part};
use model::metric::SYSTEM;

/// What is measured, without its unit, by the words of our keys and MLflow's: its section and its name. In the order
/// in which charts stand.
const GAUGES: [(&[&str], &str, &str); 14] = [
    (&["gpu_utilization"], "GPU", "GPU use"),
    (&["gpu_memory", "gpu_memory_usage"], "GPU", "GPU memory"),
    (&["gpu_temperature"], "GPU", "GPU temperature"),
    (&["gpu_power", "gpu_power_usage"], "GPU", "GPU power"),
    (&["cpu", "cpu_utilization"], "CPU", "CPU"),
    (&["memory", "system_memory_usage"], "Memory", "Memory"),
    (&["process_memory"], "Memory", "Memory of the process"),
    (&["disk", "disk_usage"], "Disk", "Disk used"),
    (&["disk_available"], "Disk", "Disk available"),
    (&["disk_read"], "Disk", "Disk read"),
    (&["disk_written"], "Disk", "Disk written"),
    (&["network_received", "network_receive"], "Network", "Network received"),
    (&["network_sent", "network_transmit"], "Network", "Network sent"),
    (&[], "Other", ""),
];

/// How keys end, what people call that unit, and how many of it one is.
const UNITS: [(&str, &str, f64); 7] = [
    ("_percent", "%", 1.0),
    ("_percentage", "%", 1.0),
    ("_bytes_per_second", "MB/s", 1e-6),
    ("_bytes", "GB", 1e-9),
    ("_megabytes", "GB", 1e-3),
    ("_celsius", "°C", 1.0),
    ("_watts", "W", 1.0),
];

/// A key as it is read.
#[derive(Debug, PartialEq)]
struct Gauge {
    /// Its place among [`GAUGES`].
    place: usize,
    /// With its unit.
    title: String,
    factor: f64,
    /// What all keys of its kind have in common.
    kind: String,
    /// The machine, where keys name it.
    node: String,
    gpu: Option<u32>,
}

impl Gauge {
    fn of(key: &str) -> Self {
        let key = key.strip_prefix(SYSTEM).unwrap_or(key);
        let (node, name) = key.rsplit_once('/').unwrap_or(("", key));
        let (gpu, kind, name) = match of_gpu(name) {
            Some((number, rest)) => (Some(number), format!("{SYSTEM}gpu.*.{rest}"), format!("gpu_{rest}")),
            None => (None, format!("{SYSTEM}{name}"), name.to_owned()),
        };
        let unit =
            UNITS.iter().find_map(|(end, unit, factor)| Some((name.strip_suffix(end)?, *unit, *factor)));
        let (bare, unit, factor) = unit.unwrap_or((&name, "", 1.0));
        let known = GAUGES.iter().position(|(names, ..)| names.contains(&bare));
        let place = known.unwrap_or(GAUGES.len() - 1);
        let words = if known.is_some() { GAUGES[place].2.to_owned() } else { bare.replace(['_', '.'], " ") };
        let title = if unit.is_empty() { words } else { format!("{words} ({unit})") };
        Self { place, title, factor, kind, node: node.to_owned(), gpu }
    }

    /// The device, where there may be several.
    fn device(&self) -> String {
        let gpu = self.gpu.map(|number| format!("GPU {number}"));
        let node = (!self.node.is_empty()).then(|| self.node.clone());
        [node, gpu].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

/// `gpu.0.power_watts` or `gpu_0_power_usage_watts`: which processor, and the rest.
fn of_gpu(name: &str) -> Option<(u32, &str)> {
    let (number, rest) = name.strip_prefix("gpu")?.strip_prefix(['.', '_'])?.split_once(['.', '_'])?;
    Some((number.parse().ok()?, rest))
}

/// The charts of these metrics: one for whatever is measured, over all devices.
pub fn bundles(keys: &[String]) -> Vec<Bundle> {
    let mut read: Vec<(Gauge, &String)> = keys.iter().map(|key| (Gauge::of(key), key)).collect();
    read.sort_by(|(a, _), (b, _)| {
        // Speeds say more than sums, and shares more than sizes.
        let order = |one: &Gauge| (one.place, !one.title.ends_with("/s)"), !one.title.ends_with("(%)"));
        let device = |one: &Gauge| (one.node.clone(), one.gpu);
        order(a).cmp(&order(b)).then_with(|| a.kind.cmp(&b.kind)).then_with(|| device(a).cmp(&device(b)))
    });
    let mut bundles: Vec<Bundle> = Vec::new();
    for (gauge, key) in read {
        let part = Part { key: key.clone(), name: gauge.device() };
        match bundles.last_mut() {
            Some(last) if last.key == gauge.kind => last.parts.push(part),
            _ => bundles.push(Bundle {
                section: GAUGES[gauge.place].1,
                key: gauge.kind,
                title: gauge.title,
                parts: vec![part],
                factor: gauge.factor,
            }),
        }
    }
    bundles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(keys: &[&str]) -> Vec<(&'static str, String, String)> {
        let keys: Vec<String> = keys.iter().map(|key| format!("system/{key}")).collect();
        let words = |one: Bundle| {
            let parts: Vec<_> = one.parts.into_iter().map(|part| part.name).collect();
            (one.section, one.title, parts.join(", "))
        };
        bundles(&keys).into_iter().map(words).collect()
    }

    fn expected<const N: usize>(
        rows: [(&'static str, &str, &str); N],
    ) -> Vec<(&'static str, String, String)> {
        rows.map(|(section, title, parts)| (section, title.to_owned(), parts.to_owned())).to_vec()
    }

    #[test]
    fn charts_stand_by_device_and_devices_of_a_kind_share_one() {
        let keys = [
            "network_sent_bytes",
            "network_sent_bytes_per_second",
            "cpu_percent",
            "gpu.10.power_watts",
            "gpu.2.power_watts",
            "memory_bytes",
            "memory_percent",
            "fan.0_rpm",
        ];
        let charts = [
            ("GPU", "GPU power (W)", "GPU 2, GPU 10"),
            ("CPU", "CPU (%)", ""),
            ("Memory", "Memory (%)", ""),
            ("Memory", "Memory (GB)", ""),
            ("Network", "Network sent (MB/s)", ""),
            ("Network", "Network sent (GB)", ""),
            ("Other", "fan 0 rpm", ""),
        ];
        assert_eq!(shown(&keys), expected(charts));
    }

    #[test]
    fn what_mlflow_logs_is_read_with_its_nodes() {
        let keys = [
            "gpu_0_memory_usage_megabytes",
            "node-1/gpu_0_memory_usage_megabytes",
            "cpu_utilization_percentage",
            "system_memory_usage_megabytes",
            "network_receive_megabytes",
        ];
        let charts = [
            ("GPU", "GPU memory (GB)", "GPU 0, node-1 · GPU 0"),
            ("CPU", "CPU (%)", ""),
            ("Memory", "Memory (GB)", ""),
            ("Network", "Network received (GB)", ""),
        ];
        assert_eq!(shown(&keys), expected(charts));
        assert!((Gauge::of("system/system_memory_usage_megabytes").factor - 1e-3).abs() < f64::EPSILON);
    }

    #[test]
    fn any_key_is_shown_under_some_name() {
        for key in ["system/", "system//", "system/gpu.", "system/gpu.x.y", "system/_percent", "é/ü", ""] {
            assert_eq!(bundles(&[key.to_owned()]).len(), 1, "{key}");
        }
        assert_eq!(Gauge::of("system/gpu.x.y").gpu, None);
    }
}
