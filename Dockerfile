# Every step of the pipeline runs in this image.
#   docker build -t detection-pipeline .                         CPU
#   docker build -t detection-pipeline:gpu --build-arg DEVICE=gpu .
# The legacy stack (docs/stack.md) instead of the current one:
#   docker build -t detection-pipeline:legacy --build-arg STACK=legacy --build-arg BASE=python:3.10-slim-bookworm .
# Without a Docker daemon: kubeflow/images/build_image.sh.
# The packages are one layer, which only the lock files change; a change of code rebuilds the small layer after it.
ARG BASE=python:3.12-slim-trixie

# hadolint ignore=DL3006
FROM ${BASE} AS packages
# cpu, or gpu: adds the CUDA libraries that tensorflow[and-cuda] of the same version asks for.
ARG DEVICE=cpu
# current, or legacy; the base's Python must be that of the stack.
ARG STACK=current
# Behind a proxy that signs TLS anew: a CA bundle in the build's file system. Arguments do not stay in the image.
ARG SSL_CERT_FILE
ARG PIP_CERT
COPY requirements.lock requirements-legacy.lock /tmp/build/
COPY kubeflow/images/requirements-gpu.lock kubeflow/images/requirements-gpu-legacy.lock /tmp/build/
# One layer, so that the compiler, which some locked packages need, leaves nothing behind; and no copy from another
# stage, which builders without BuildKit would read in full at every build.
# hadolint ignore=DL3008
RUN case "$STACK" in \
      current) version=3.12; suffix= ;; \
      legacy) version=3.10; suffix=-legacy ;; \
      *) echo "STACK: expected current or legacy, received $STACK" >&2; exit 2 ;; \
    esac \
  && if ! command -v "python$version"; then \
       echo "BASE: STACK=$STACK needs Python $version, received $(python3 --version)" >&2; exit 2; \
     fi \
  && case "$DEVICE" in \
      cpu) gpu=/dev/null ;; \
      gpu) gpu=/tmp/build/requirements-gpu$suffix.lock ;; \
      *) echo "DEVICE: expected cpu or gpu, received $DEVICE" >&2; exit 2 ;; \
    esac \
  && cat "/tmp/build/requirements$suffix.lock" "$gpu" > /tmp/build/all.lock \
  && apt-get update \
  && apt-get install --yes --no-install-recommends g++ \
  && python3 -m venv /tmp/build/tools \
  && /tmp/build/tools/bin/pip install --no-cache-dir uv==0.13.8 \
  && /tmp/build/tools/bin/uv venv --quiet --python "python$version" /opt/venv \
  && /tmp/build/tools/bin/uv pip install --quiet --no-cache --link-mode copy --python /opt/venv/bin/python --no-deps \
       --require-hashes --compile-bytecode --requirement /tmp/build/all.lock \
  && apt-get purge --yes --auto-remove g++ \
  && apt-get clean \
  && rm -rf /var/lib/apt/lists/* /tmp/build /root/.cache

FROM packages AS project
WORKDIR /build
COPY setup.py pyproject.toml ./
COPY detection detection
COPY components components
COPY pipeline pipeline
COPY kubeflow kubeflow
COPY cli cli
# setuptools and wheel come from the lock; nothing is fetched here.
RUN python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --quiet --no-deps --no-build-isolation \
      --target /opt/project .

FROM packages
COPY --from=project /opt/project /opt/project
# The root file system may be read-only: programs write to /tmp alone.
ENV PATH=/opt/project/bin:/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/project \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib
USER 1000:1000
WORKDIR /tmp
ENTRYPOINT ["detection-pipeline"]
