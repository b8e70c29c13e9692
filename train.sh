#!/usr/bin/env bash
# Train both halves and try them on a page. Real data come in through the environment:
#   SIM_ROOT, CSV_ROOT   simulated pages and their signals for the digitizer (drawn here when unset)
#   ECG_DATA             folder of real recordings for the classifier (simulated ones when unset)
#   PAGES, EPOCHS        how much to draw and how long to train (defaults: a run of minutes, not a useful model)
set -euo pipefail
cd "$(dirname "$0")"

python=${PYTHON:-.venv/bin/python}
pages=${PAGES:-32}
epochs=${EPOCHS:-1}
work=out/train

if [ -z "${SIM_ROOT:-}" ] || [ -z "${CSV_ROOT:-}" ]; then
    echo "SIM_ROOT or CSV_ROOT is not set: drawing $pages pages of synthetic hearts in $work/pages"
    "$python" -m simulate --records synthetic --count "$pages" --seed 1 --output "$work/pages"
    SIM_ROOT=$work/pages
    CSV_ROOT=$work/pages
fi

echo "1/3 the digitizer"
"$python" -m digitize.train --sim_root "$SIM_ROOT" --csv_root "$CSV_ROOT" --epochs "$epochs"

echo "2/3 the classifier"
"$python" -m classify.train --task ptbxl --set "fit.epochs=$epochs" ${ECG_DATA:+--data "$ECG_DATA"}

echo "3/3 a page through the shipped weights"
"$python" -m classify.infer --image examples/photo.jpg --output "$work/sample"
