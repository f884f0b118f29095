"""Writes importance.json: what scikit-learn and SciPy say of a made-up sweep, which the tests hold our numbers against.

    python importance.py
"""

import json
import pathlib

import numpy as np
import scipy.stats
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

ROWS = 240


def sweep():
    rng = np.random.default_rng(11)
    lr = 10 ** rng.uniform(-5, -1, ROWS)
    layers = rng.integers(1, 9, ROWS).astype(float)
    dropout = np.round(rng.uniform(0, 0.5, ROWS), 2)
    seed = rng.integers(0, 1000, ROWS).astype(float)
    loss = (np.log10(lr) + 3) ** 2 + 0.15 * (layers - 5) ** 2 + 0.8 * dropout + rng.normal(0, 0.15, ROWS)
    return {"lr": lr, "layers": layers, "dropout": dropout, "seed": seed}, loss


def importance(table, target):
    drops, scores = [[] for _ in range(table.shape[1])], []
    for seen, unseen in KFold(4, shuffle=True, random_state=3).split(table):
        forest = RandomForestRegressor(100, max_depth=16, min_samples_leaf=2, random_state=5)
        forest.fit(table[seen], target[seen])
        scores.append(forest.score(table[unseen], target[unseen]))
        found = permutation_importance(forest, table[unseen], target[unseen], n_repeats=10, random_state=5)
        for column, values in zip(drops, found.importances):
            column.extend(values)
    return float(np.mean(scores)), [float(np.mean(column)) for column in drops]


def main():
    params, loss = sweep()
    score, drops = importance(np.column_stack(list(params.values())), loss)
    out = {
        "made_by": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}",
        "target": loss.tolist(),
        "score": score,
        "params": [
            {
                "name": name,
                "values": values.tolist(),
                "importance": drop,
                "spearman": float(scipy.stats.spearmanr(values, loss).statistic),
                "pearson": float(scipy.stats.pearsonr(values, loss).statistic),
                "slope": float(scipy.stats.linregress(values, loss).slope),
            }
            for (name, values), drop in zip(params.items(), drops)
        ],
    }
    path = pathlib.Path(__file__).with_name("importance.json")
    path.write_text(json.dumps(out) + "\n")
    print(out["made_by"], score, [(one["name"], one["importance"], one["spearman"]) for one in out["params"]])


main()
