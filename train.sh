#!/usr/bin/env bash
# Train the digitizer and the classifier in five stages and try them:  ./train.sh [--yes] [--stage N]
# Safe to run again: finished stages are skipped, a training that was cut off goes on to the same weights.
# With nothing set it draws a few pages of synthetic hearts and trains small networks: a run of minutes, no useful model.
set -euo pipefail
cd "$(dirname "$0")"

SIM_ROOT=${SIM_ROOT:-}   # folder of simulated pages (python -m simulate --output ...); drawn here when empty
CSV_ROOT=${CSV_ROOT:-}   # folder of their signals; SIM_ROOT when empty
ECG_DATA=${ECG_DATA:-}   # folder of real recordings; simulated ones when empty
CONFIG=${CONFIG:-}       # recipe of the digitizer; configs/whole_page.yaml, or configs/small.yaml on pages drawn here
DIAGNOSIS=${DIAGNOSIS:-configs/diagnosis.yaml}  # recipe of the classifier
EPOCHS=${EPOCHS:-100}    # of the digitizer's full training
PAGES=${PAGES:-24}       # how many pages are drawn here
WORK=${WORK:-out/train}  # everything is written below this folder

stages=(
    "the environment: Python, packages, device, memory, disk"
    "the data: pages and signals are opened and counted"
    "a quick debug run: 100 samples, 3 epochs"
    "the full training: $EPOCHS epochs"
    "evaluation, and a page read from end to end"
)

environment() { "$python" -m ecg.fit.doctor --output "$home"; }

look_at_data() {
    if [ "$SIM_ROOT" = "$drawn" ]; then
        "$python" -m simulate --records synthetic --count "$PAGES" --seed 1 --preset clean --workers 1 --output "$drawn"
    fi
    "$python" -m digitize.training.validate_data --sim_root "$SIM_ROOT" --csv_root "$CSV_ROOT"
    [ -z "$ECG_DATA" ] || "$python" -m classify.validate_data --task ptbxl --root "$ECG_DATA"
}

debug() {
    launch digitize.train "${pages[@]}" --debug --output "$home/debug"
    launch classify.train "${recordings[@]}" --debug --output "$home/debug"
}

full() {
    go_on "$home/pages" digitize.train "${pages[@]}" --epochs "$EPOCHS"
    go_on "$home/diagnosis" classify.train "${recordings[@]}"
}

evaluation() {
    local reader judge page sample=$home/sample
    reader=$(newest "$home/pages" best) judge=$(newest "$home/diagnosis" best)
    page=$(find "$SIM_ROOT" -name '*.png' -o -name '*.jpg' 2>/dev/null | sort | head -n 1 || true)
    "$python" -m digitize.evaluate --checkpoint "$reader" --output "$home/review"
    "$python" -m digitize.visualize --checkpoint "$reader" --image "$page" --output "$sample/page.png"
    "$python" -m digitize.infer --checkpoint "$reader" --image "$page" --output "$sample" --overwrite
    "$python" -m classify.evaluate --weights "$judge" --output "$home/diagnosis-evaluation" ${data[@]+"${data[@]}"}
    "$python" -m classify.infer --record "$sample"/*.hea --weights "${judge%.pth}.safetensors" --output "$sample" --overwrite
    echo "what was just trained: its figures in $home/review and $home/diagnosis-evaluation, a page read and judged by it in $sample"
}

# Start a training, on all GPUs when there are several.
launch() {
    local gpus
    gpus=$("$python" -c "import torch; print(torch.cuda.device_count())")
    if [ "$gpus" -gt 1 ]; then
        "$python" -m torch.distributed.run --standalone --nproc_per_node "$gpus" -m "$@"
    else
        "$python" -m "$@"
    fi
}

# Start a training in a folder, or go on with the one that is there.
go_on() {
    local folder=$1 last
    shift
    last=$(newest "$folder" last)
    launch "$@" --output "$folder" ${last:+--resume "$last"}
}

newest() { ls -t "$1"/run_*/checkpoints/"$2".pth 2>/dev/null | head -n 1 || true; }

stage() {
    local number=$1 title=${stages[$1 - 1]} done=$home/done/$1
    if [ -z "$only" ] && [ -e "$done" ]; then
        echo "stage $number of 5 is done: $title"
        return
    fi
    echo "stage $number of 5: $title"
    if [ -z "$yes" ]; then
        read -r -p "go on? [Y/n] " answer || { echo "no terminal to ask on: say --yes" >&2; exit 2; }
        case $answer in [nN]*) exit 0 ;; esac
    fi
    case $number in 1) environment ;; 2) look_at_data ;; 3) debug ;; 4) full ;; 5) evaluation ;; esac
    mkdir -p "$home/done"
    touch "$done"
}

yes="" only=""
while [ $# -gt 0 ]; do
    case $1 in
        --yes) yes=1 ;;
        --stage)
            only=${2:-}
            case $only in [1-5]) shift ;; *) echo "--stage takes a number from 1 to 5" >&2; exit 2 ;; esac ;;
        --help) sed -n '2,4s/^# //p' "$0"; exit ;;
        *) echo "unknown option $1; there are --yes, --stage N and --help" >&2; exit 2 ;;
    esac
    shift
done

python=${PYTHON:-.venv/bin/python}
[ -x "$(command -v "$python")" ] || make .venv/ready
drawn=$WORK/drawn-$PAGES
SIM_ROOT=${SIM_ROOT:-$drawn}
CSV_ROOT=${CSV_ROOT:-$SIM_ROOT}
[ "$SIM_ROOT" = "$drawn" ] && small=configs/small.yaml || small=configs/whole_page.yaml
CONFIG=${CONFIG:-$small}
# Other settings are another training, beside the first.
home=$WORK/$(printf '%s|' "$SIM_ROOT" "$CSV_ROOT" "$ECG_DATA" "$CONFIG" "$DIAGNOSIS" "$EPOCHS" | cksum | cut -d ' ' -f 1)
pages=(--config "$CONFIG" --sim_root "$SIM_ROOT" --csv_root "$CSV_ROOT" --cache_dir "$WORK/cache")
data=()
[ -z "$ECG_DATA" ] || data=(--data "$ECG_DATA")
recordings=(--config "$DIAGNOSIS" --task ptbxl ${data[@]+"${data[@]}"})
trap '[ $? -eq 0 ] || echo "stopped; the same command goes on from here" >&2' EXIT

for number in ${only:-1 2 3 4 5}; do
    stage "$number"
done
