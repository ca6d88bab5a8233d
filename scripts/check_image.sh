#!/usr/bin/env bash
# The steps of the image `reading` in a temporary folder, where there is no Docker: the files that .dockerignore lets
# in, packages from the lock with hashes, a read-only program, a start in demo mode, its health, 100 words read.
# Needs Python 3.11 and a package index. KEEP=1 leaves the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3.11}
PORT=${PORT:-8599}
work=$(mktemp -d)
server=
clean() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    if [ -z "${KEEP:-}" ]; then chmod -R u+w "$work"; rm -rf "$work"; fi
}
trap clean EXIT

mkdir -p "$work/app/.streamlit" "$work/data"
git archive HEAD streamlit_app.py LICENSE hwr_core pages models examples | tar -x -C "$work/app"
cp .streamlit/config.toml "$work/app/.streamlit/"
rm -rf "$work/app/models/training"
"$PYTHON" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-cache-dir --no-compile --require-hashes -r requirements-reading.lock
"$PYTHON" scripts/slim_environment.py "$work/venv"
find "$work/venv" -name '*.pyc' -delete
echo "packages: $(du -sm "$work/venv" | cut -f1) MB"
"$work/venv/bin/python" -m compileall -q "$work/app/hwr_core" "$work/app/pages"
chmod -R a-w "$work/app"

export HWR_HOME=$work/data HOME=$work/data HWR_MODE=demo PYTHONDONTWRITEBYTECODE=1
cd "$work/app"
started=$(date +%s%N)
"$work/venv/bin/streamlit" run streamlit_app.py --server.port "$PORT" --server.address 127.0.0.1 \
    --server.headless true --server.fileWatcherType none >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
    if curl -fsS "http://127.0.0.1:$PORT/_stcore/health" >/dev/null 2>&1; then break; fi
    sleep 0.1
done
curl -fsS "http://127.0.0.1:$PORT/_stcore/health" >/dev/null
echo "healthy after $((($(date +%s%N) - started) / 1000000)) ms"
PYTHONPATH=$work/app "$work/venv/bin/python" - <<'PROGRAM'
import resource
import zipfile

from hwr_core.datasets import demo_dataset
from hwr_core.datasets.demo import demo_zip
from hwr_core.imaging.image_io import read_image
from hwr_core.packages import can_train
from hwr_core.recognition import Recognizer

assert not can_train()
assert len(demo_dataset()) > 1000  # tables need pyarrow
with zipfile.ZipFile(demo_zip()) as archive:
    names = [name for name in archive.namelist() if name.endswith(".png")][:100]
    images = [read_image(archive.read(name)) for name in names]
readings = Recognizer.load("models/reader").read(images, alternatives=6)
assert len(readings) == 100 and all(reading.text for reading in readings)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"100 words read, {peak:.0f} MB of memory at most")
assert peak < 512
PROGRAM
