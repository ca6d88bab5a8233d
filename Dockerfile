# syntax=docker/dockerfile:1
# Two images: `docker build --target reading .` reads and replays (no TensorFlow); the default one trains, too.
# The base is named by its version; docs/hosting.md says how to pin it by digest.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build-reading
WORKDIR /build
COPY requirements-reading.lock scripts/slim_environment.py ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements-reading.lock \
    && python slim_environment.py /opt/venv

FROM ${PYTHON_IMAGE} AS build-full
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock

FROM ${PYTHON_IMAGE} AS base
RUN groupadd --gid 10001 studio \
    && useradd --uid 10001 --gid studio --no-create-home --home-dir /data --shell /usr/sbin/nologin studio \
    && install -d -o studio -g studio -m 0750 /data
WORKDIR /app
COPY --chown=root:root streamlit_app.py LICENSE ./
COPY --chown=root:root .streamlit/config.toml .streamlit/config.toml
COPY --chown=root:root hwr_core hwr_core
COPY --chown=root:root pages pages
COPY --chown=root:root models models
COPY --chown=root:root examples examples
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    MPLCONFIGDIR=/tmp \
    HWR_HOME=/data \
    HWR_MODE=demo \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none \
    STREAMLIT_SERVER_MAX_UPLOAD_SIZE=100
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "streamlit_app.py"]

FROM base AS reading
COPY --from=build-reading /opt/venv /opt/venv
# Compiled once here: the file system is read-only when it runs.
RUN python -m compileall -q -j 2 /app/hwr_core /app/pages /opt/venv/lib/python3.11/site-packages/streamlit
USER 10001:10001

FROM base AS full
COPY --from=build-full /opt/venv /opt/venv
RUN python -m compileall -q -j 2 /app/hwr_core /app/pages /opt/venv/lib/python3.11/site-packages/streamlit
USER 10001:10001
