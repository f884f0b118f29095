//! Which way a metric is better, when its name says so. Nothing is marked as best when it does not.

use super::Goal;

const MIN: [&str; 13] =
    ["loss", "error", "err", "mse", "rmse", "mae", "mape", "perplexity", "ppl", "wer", "cer", "nll", "fid"];
const MAX: [&str; 14] = [
    "acc",
    "accuracy",
    "f1",
    "auc",
    "auroc",
    "precision",
    "recall",
    "bleu",
    "rouge",
    "map",
    "miou",
    "iou",
    "r2",
    "psnr",
];

/// Reads the words of a key: `val_loss`, `valAccuracy`, `eval/top1-acc`.
pub fn goal(key: &str) -> Option<Goal> {
    let mut found = None;
    for word in words(key) {
        let one = if MIN.contains(&word.as_str()) {
            Goal::Min
        } else if MAX.contains(&word.as_str()) {
            Goal::Max
        } else {
            continue;
        };
        // Two words that disagree, as in `loss_auc`, say nothing.
        if found.is_some_and(|found| found != one) {
            return None;
        }
        found = Some(one);
    }
    found
}

/// The words of a key in small letters: `valError` and `val/error` are both `val`, `error`.
pub fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in key.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut()
            && letter.is_alphanumeric()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_direction_by_whole_words() {
        for key in ["loss", "val_loss", "train/Loss", "valError", "RMSE"] {
            assert_eq!(goal(key), Some(Goal::Min), "{key}");
        }
        for key in ["acc", "val_acc", "eval/top1-accuracy", "macroF1", "roc.auc"] {
            assert_eq!(goal(key), Some(Goal::Max), "{key}");
        }
        for key in ["lr", "epoch", "accelerate", "lossless", "throughput", "loss_auc", ""] {
            assert_eq!(goal(key), None, "{key}");
        }
    }
}
